"""The head's range against the data set's, before the first iteration."""

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from ..registry import HOOKS


@HOOKS.register_module()
class DepthRangeCheckHook(Hook):
    """Stops a run whose head has another range than its data.

    A head that ends below the data never learns the far pixels, one that
    ends above it starts far off; neither fails.
    """

    def before_train(self, runner: Runner) -> None:
        """Compare `max_depth`, in metres.

        Raises:
            ValueError: they differ.
        """
        model = runner.model
        model = model.module if is_model_wrapper(model) else model
        metainfo = getattr(runner.train_dataloader.dataset, 'metainfo', {})
        data = metainfo.get('max_depth')
        head = getattr(model.decode_head, 'max_depth', None)
        if data is None or head is None or head == data:
            return
        raise ValueError(
            f'The head has max_depth={head} m, the training data {data} m. '
            f'Set model.decode_head.max_depth={data}, or '
            'metainfo=dict(max_depth=...) of the data sets (train, val and '
            'test).'
        )
