"""The fast wing, switched on for a run."""

from mmengine.hooks import Hook
from mmengine.runner import Runner

from ..fast.accelerate import accelerate, count_fast
from ..registry import HOOKS


@HOOKS.register_module()
class AccelerateHook(Hook):
    """Lets the model's boxes run faster: the same weights and results.

    See `xnet_mm.fast.accelerate`. Leave the hook out of `custom_hooks`, and
    the run has the plain boxes.
    """

    priority = 'VERY_HIGH'  # before a hook that copies the model (EMA)

    def before_run(self, runner: Runner) -> None:
        """Exchange the classes, in training, validation and test."""
        accelerate(runner.model)
        runner.logger.info(
            f'AccelerateHook: {count_fast(runner.model)} modules run by '
            'faster code, same weights and results.'
        )
