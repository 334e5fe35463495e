"""Checkpoints that survive a kill at any moment."""

import os.path as osp
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from ..fileio.atomic import write_atomically
from ..registry import HOOKS


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """MMEngine's CheckpointHook in an order that loses nothing.

    The stock hook deletes the outdated checkpoint before it writes the new
    one, writes in place (also over the checkpoint that `last_checkpoint`
    names, when validation finds a new best), and empties `last_checkpoint`
    before filling it. Here each file is written whole and renamed, and the
    outdated checkpoint goes last. Same options; local folders only.

    A checkpoint that FlexibleRunner writes after a validation names an
    iteration too many, which a resumed run would leave out: put right here.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault('backend_args', dict(backend='xnet_mm.atomic'))
        super().__init__(*args, **kwargs)

    def before_train(self, runner: Runner) -> None:
        """Start counting where the run starts or resumes."""
        super().before_train(runner)
        self._done = runner.iter

    def after_train_iter(
        self, runner: Runner, *args: Any, **kwargs: Any
    ) -> None:
        """Count, then save when it is time."""
        self._done = runner.iter + 1
        super().after_train_iter(runner, *args, **kwargs)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Note the iterations that were done."""
        if not self.by_epoch:
            checkpoint['meta']['iter'] = self._done

    def _save_checkpoint_with_step(
        self, runner: Runner, step: int, meta: dict
    ) -> None:
        outdated = self._remember(runner, step)
        name = self.filename_tmpl.format(step)
        self.last_ckpt = self.file_backend.join_path(self.out_dir, name)
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        runner.save_checkpoint(
            self.out_dir,
            name,
            save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler,
            meta=meta,
            by_epoch=self.by_epoch,
            backend_args=self.backend_args,
            **self.args,
        )
        if not is_main_process():
            return
        write_atomically(
            osp.join(runner.work_dir, 'last_checkpoint'),
            self.last_ckpt.encode(),
        )
        for path in outdated:
            if self.file_backend.isfile(path):
                self.file_backend.remove(path)

    def _remember(self, runner: Runner, step: int) -> list[str]:
        """Add `step` to the kept ones; the paths that are now too many."""
        if self.max_keep_ckpts <= 0 or step in self.keep_ckpt_ids:
            return []
        kept = [*self.keep_ckpt_ids, step]
        self.keep_ckpt_ids.append(step)  # a bounded deque
        runner.message_hub.update_info(
            'keep_ckpt_ids', list(self.keep_ckpt_ids)
        )
        return [
            self.file_backend.join_path(
                self.out_dir, self.filename_tmpl.format(old)
            )
            for old in kept[: -self.max_keep_ckpts]
        ]
