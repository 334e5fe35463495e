"""The head's classes against the data set's, before the first iteration."""

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from ..registry import HOOKS


@HOOKS.register_module()
class ClassCheckHook(Hook):
    """Stops a run whose head counts other classes than its data.

    Too few crash somewhere in the first epoch (on a GPU without a word of
    the cause), too many train outputs that no label ever names.
    """

    def before_train(self, runner: Runner) -> None:
        """Compare the numbers of classes.

        Raises:
            ValueError: they differ.
        """
        model = runner.model
        model = model.module if is_model_wrapper(model) else model
        metainfo = getattr(runner.train_dataloader.dataset, 'metainfo', {})
        classes = metainfo.get('classes')
        heads = getattr(model, 'num_classes', None)
        if classes is None or heads is None or heads == len(classes):
            return
        names = ', '.join(classes[:12]) + (', ...' * (len(classes) > 12))
        raise ValueError(
            f'The head has num_classes={heads}, the training data '
            f'{len(classes)} classes ({names}). Set '
            f'model.decode_head.num_classes={len(classes)} (and that of an '
            'auxiliary head), or mend the classes in the metainfo of the '
            'data set.'
        )
