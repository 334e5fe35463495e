"""The head against the data, before the first iteration."""

from typing import Any

from mmengine.hooks import Hook
from mmengine.model import BaseTTAModel, is_model_wrapper
from mmengine.runner import Runner
from torch import nn

from ..datasets.wrappers import innermost
from ..fileio.pairing import depth_head_of
from ..registry import HOOKS
from .class_agreement import (
    compare_counts,
    compare_files,
    compare_ignored,
    compare_labelled,
    compare_names,
    compare_outputs,
    compare_weights,
    compare_width,
)


class DataCheckHook(Hook):
    """Stops a run whose head was made for other data than it trains on."""

    def before_train(self, runner: Runner) -> None:
        """Compare model and data; a side that does not say is not compared.

        Data sets inside of others (ConcatDataset, RepeatDataset) are
        compared one by one.

        Raises:
            ValueError: they differ.
        """
        self.check(runner, runner.train_dataloader.dataset, 'training')

    def check(self, runner: Runner, dataset: Any, split: str) -> None:
        """Compare the model and each part of a split's data set.

        Raises:
            ValueError: they differ.
        """
        model = bare_model(runner)
        for part in innermost(dataset):
            problem = self.compare(model, getattr(part, 'metainfo', {}), split)
            if problem:
                raise ValueError(problem)

    def compare(
        self, model: nn.Module, metainfo: dict[str, Any], split: str
    ) -> str:
        """What differs and how to mend it; '' where nothing does."""
        raise NotImplementedError


@HOOKS.register_module()
class ClassCheckHook(DataCheckHook):
    """Stops a run whose heads and data do not agree on classes and ids.

    Looks at the training and validation data before the first iteration, and
    at those of a validation or test before it:

    - the number of classes of each head. Too few crash somewhere in the
      first epoch (on a GPU without a word of the cause), too many train
      outputs that no label ever names;
    - one class, or one output with a softmax: its loss is 0 for ever;
    - class weights that are not one a class;
    - more classes than 8 bits hold, and wider files, where the pipeline
      loads in 8 bits;
    - the id that is ignored, of data set, heads, metrics and padding;
    - images without a label map, where something needs one.
    """

    def before_train(self, runner: Runner) -> None:
        """Compare the training and the validation data with the model."""
        problem = compare_weights(bare_model(runner))
        if problem:
            raise ValueError(problem)
        super().before_train(runner)
        if getattr(runner, 'val_loop', None) is not None:
            self.before_val(runner)
            dataset = runner.val_loop.dataloader.dataset
            problem = compare_names(runner.train_dataloader.dataset, dataset)
            if problem:
                raise ValueError(problem)

    def before_val(self, runner: Runner) -> None:
        """Compare the validation data with the model and the metrics."""
        self._check_loop(runner, runner.val_loop, 'validation')

    def before_test(self, runner: Runner) -> None:
        """Compare the test data with the model and the metrics."""
        self._check_loop(runner, runner.test_loop, 'test')

    def _check_loop(self, runner: Runner, loop: Any, split: str) -> None:
        dataset = loop.dataloader.dataset
        self.check(runner, dataset, split, getattr(loop, 'evaluator', None))

    def check(
        self, runner: Runner, dataset: Any, split: str, evaluator: Any = None
    ) -> None:
        """Compare model, metrics and each part of a split's data set."""
        super().check(runner, dataset, split)
        model = bare_model(runner)
        metrics = tuple(getattr(evaluator, 'metrics', ()))
        for part in innermost(dataset):
            problem = (
                compare_width(part, split)
                or compare_files(part, split)
                or compare_ignored(model, part, split, metrics)
                or compare_labelled(part, split, evaluator)
            )
            if problem:
                raise ValueError(problem)

    def compare(
        self, model: nn.Module, metainfo: dict[str, Any], split: str
    ) -> str:
        """Compare the numbers of classes."""
        classes = metainfo.get('classes')
        if classes is None:
            return ''
        return compare_counts(model, classes, split) or compare_outputs(model)


@HOOKS.register_module()
class DepthRangeCheckHook(DataCheckHook):
    """Stops a run whose head has another range than its data.

    A head that ends below the data never learns the far pixels, one that
    ends above it starts far off; neither fails.
    """

    def compare(
        self, model: nn.Module, metainfo: dict[str, Any], split: str
    ) -> str:
        """Compare `max_depth`, in metres."""
        data = metainfo.get('max_depth')
        head = getattr(depth_head_of(model), 'max_depth', None)
        if data is None or head is None or head == data:
            return ''
        name = 'depth' if hasattr(model, 'depth_head') else 'decode'
        return (
            f'The head has max_depth={head} m, the {split} data {data} m. '
            f'Set model.{name}_head.max_depth={data}, or '
            'metainfo=dict(max_depth=...) of the data sets (train, val and '
            'test).'
        )


def bare_model(runner: Runner) -> nn.Module:
    """The model without wrappers of processes or test-time augmentation."""
    model = runner.model
    while is_model_wrapper(model) or isinstance(model, BaseTTAModel):
        model = model.module
    return model
