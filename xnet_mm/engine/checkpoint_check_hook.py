"""What is loaded is what was asked for."""

from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop
from torch import nn

from ..fileio.pairing import check_pairing, check_some_fit
from ..fileio.pairing_tensors import weights_of
from ..fileio.resuming import check_resumable, last_checkpoint
from ..registry import HOOKS


@HOOKS.register_module()
class CheckpointCheckHook(Hook):
    """Refuses a checkpoint that is not one of this model.

    MMEngine loads whatever fits and goes on with the rest random. With this
    hook validation, testing and resuming want every tensor, finite values,
    and the settings that the checkpoint was trained with (the rule is in
    `xnet_mm/fileio/pairing_settings.py`); resuming wants the states of
    optimiser and schedule too. `load_from` of a training stays lenient: one
    line of the log says what was left out, and only a file of which nothing
    fits is refused.

    Args:
        settings: False tests, predicts and resumes with other settings of
            the model than it was trained with. Read from the config.
    """

    priority = 'HIGHEST'  # before a hook that takes the checkpoint apart (EMA)

    def __init__(self, settings: bool = True) -> None:
        self.settings = settings

    def before_run(self, runner: Runner) -> None:
        """Look where an automatic resume would go on.

        Raises:
            ValueError: `last_checkpoint` is damaged.
        """
        if runner._resume is not True or runner._load_from is not None:
            return
        last = last_checkpoint(runner.work_dir)
        if last is None:
            runner.logger.info(
                f'No last_checkpoint in {runner.work_dir}: nothing to resume, '
                'the run starts afresh.'
            )
        else:
            runner._load_from = last  # not where the folder was once

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Compare it with the model, before it is loaded.

        Raises:
            ValueError: it is refused.
        """
        if _is_cut_up(runner.model):
            return
        if 'state_dict' not in checkpoint:  # a bare one, or {}
            state = weights_of(checkpoint)
            checkpoint.clear()
            checkpoint['state_dict'] = state
        resumes = bool(runner._resume)
        source = _source(runner)
        if not resumes and not _only_evaluates(runner):
            check_some_fit(runner.model, checkpoint, source)
            return
        check_pairing(
            runner.model,
            checkpoint,
            source,
            runner.cfg,
            _classes(runner),
        )
        if resumes and not _only_evaluates(runner):
            schedulers = getattr(runner, 'param_schedulers', None)
            check_resumable(checkpoint, source, bool(schedulers))


def _is_cut_up(model: nn.Module) -> bool:
    """Whether weights lie in flat pieces without their shapes (FSDP 1)."""
    from torch.distributed.fsdp import FullyShardedDataParallel as Wrapper

    return any(isinstance(m, Wrapper) for m in model.modules())


def _source(runner: Runner) -> str:
    """The path of what is being loaded."""
    if isinstance(runner._resume, str):
        return runner._resume
    path = runner._load_from
    if path is None and runner._resume:
        path = last_checkpoint(runner.work_dir)
    return str(path or 'the checkpoint')


def _only_evaluates(runner: Runner) -> bool:
    """Whether a loop of validation or test was built, and none of training."""
    return not isinstance(runner._train_loop, BaseLoop) and (
        isinstance(runner._val_loop, BaseLoop)
        or isinstance(runner._test_loop, BaseLoop)
    )


def _classes(runner: Runner) -> Any:
    """Names of the classes in the data of the loop that runs."""
    for loop in (runner._train_loop, runner._test_loop, runner._val_loop):
        if isinstance(loop, BaseLoop):
            dataset = loop.dataloader.dataset
            return getattr(dataset, 'metainfo', {}).get('classes')
    return None
