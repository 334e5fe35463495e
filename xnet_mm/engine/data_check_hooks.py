"""The head against the training data, before the first iteration."""

from typing import Any

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import nn

from ..registry import HOOKS


class DataCheckHook(Hook):
    """Stops a run whose head was made for other data than it trains on."""

    def before_train(self, runner: Runner) -> None:
        """Compare model and data; a side that does not say is not compared.

        Raises:
            ValueError: they differ.
        """
        model = runner.model
        model = model.module if is_model_wrapper(model) else model
        dataset = runner.train_dataloader.dataset
        problem = self.compare(model, getattr(dataset, 'metainfo', {}))
        if problem:
            raise ValueError(problem)

    def compare(self, model: nn.Module, metainfo: dict[str, Any]) -> str:
        """What differs and how to mend it; '' where nothing does."""
        raise NotImplementedError


@HOOKS.register_module()
class ClassCheckHook(DataCheckHook):
    """Stops a run whose head counts other classes than its data.

    Too few crash somewhere in the first epoch (on a GPU without a word of
    the cause), too many train outputs that no label ever names.
    """

    def compare(self, model: nn.Module, metainfo: dict[str, Any]) -> str:
        """Compare the numbers of classes."""
        classes = metainfo.get('classes')
        heads = getattr(model, 'num_classes', None)
        if classes is None or heads is None or heads == len(classes):
            return ''
        names = ', '.join(classes[:12]) + (', ...' * (len(classes) > 12))
        return (
            f'The head has num_classes={heads}, the training data '
            f'{len(classes)} classes ({names}). Set '
            f'model.decode_head.num_classes={len(classes)} (and that of an '
            'auxiliary head), or mend the classes in the metainfo of the '
            'data set.'
        )


@HOOKS.register_module()
class DepthRangeCheckHook(DataCheckHook):
    """Stops a run whose head has another range than its data.

    A head that ends below the data never learns the far pixels, one that
    ends above it starts far off; neither fails.
    """

    def compare(self, model: nn.Module, metainfo: dict[str, Any]) -> str:
        """Compare `max_depth`, in metres."""
        data = metainfo.get('max_depth')
        head = getattr(getattr(model, 'decode_head', None), 'max_depth', None)
        if data is None or head is None or head == data:
            return ''
        return (
            f'The head has max_depth={head} m, the training data {data} m. '
            f'Set model.decode_head.max_depth={data}, or '
            'metainfo=dict(max_depth=...) of the data sets (train, val and '
            'test).'
        )
