"""Checkpoints that survive a kill at any moment."""

import os.path as osp
from collections import deque
from math import inf
from typing import Any

from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from ..fileio.atomic import write_atomically
from ..fileio.lock import (
    PATIENCE,
    TRAIN_LOCK,
    FolderInUseError,
    lock_folder,
    unlock_folder,
)
from ..registry import HOOKS
from .checkpoint_files import LAST, CheckpointFiles


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """MMEngine's CheckpointHook in an order that loses nothing.

    The stock hook deletes the outdated checkpoint (the old best one too)
    before it writes the new one, writes in place (also over the checkpoint
    that `last_checkpoint` names, when validation finds a new best), and
    empties `last_checkpoint` before filling it. Here each file is written
    whole and renamed, and outdated ones go when a checkpoint is there that
    no longer refers to them. What a kill leaves, the next start finishes,
    by `checkpoint_journal.json`. Same options; local folders only.

    Only files of this hook's own names, directly in its folder, are ever
    deleted, whatever a resumed checkpoint says. A folder that was moved or
    copied goes on: its checkpoints are known by their names.

    One training a folder: another one in the same `work_dir` is refused
    while this one lives (`train.lock`).

    A checkpoint that FlexibleRunner writes after a validation names an
    iteration too many, which a resumed run would leave out: put right here.

    Raises:
        ValueError: `filename_tmpl` names a folder, or no number.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault('backend_args', dict(backend='xnet_mm.atomic'))
        super().__init__(*args, **kwargs)
        name = self.filename_tmpl.format(7)
        if osp.basename(name) != name or name == self.filename_tmpl.format(8):
            raise ValueError(
                f'filename_tmpl={self.filename_tmpl!r}: give a file name '
                "with {} for the iteration, as in 'iter_{}.pth'."
            )
        self._extra: int | None = None  # of save_extra, until the next one
        self._new: list[str] = []  # best ones that no checkpoint knows yet
        self._outdated: list[str] = []  # best ones that they replace
        self._orphans: list[str] = []  # written by a killed run
        self._done = 0

    def before_train(self, runner: Runner) -> None:
        """Lock the folder, finish what a kill left; start counting.

        Raises:
            FolderInUseError: another training writes into it.
        """
        hub = runner.message_hub
        kept = hub.pop_info('keep_ckpt_ids', [])  # else super() deletes
        super().before_train(runner)
        self.files = CheckpointFiles(
            self.out_dir, self.filename_tmpl, self.save_best or ()
        )
        self._done = runner.iter
        # Found by the first process, the same in all.
        found: list = [None]
        if is_main_process():
            try:
                found = [self._take_over(runner, kept)]
            except FolderInUseError as error:
                found = [str(error)]
        broadcast_object_list(found)
        if isinstance(found[0], str):
            raise FolderInUseError(found[0])
        kept, self._extra, last, bests = found[0]
        self.keep_ckpt_ids = deque(kept)
        self.last_ckpt = self._path(last)
        hub.update_info('keep_ckpt_ids', kept)
        hub.update_info('extra_ckpt', self._extra)
        for key, name in zip(self._keys(), bests, strict=True):
            if name is None:
                hub.pop_info(self._info('best_score', key))
                hub.pop_info(self._info('best_ckpt', key))
            self._set_best(runner, key, name)

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

    def after_train(self, runner: Runner) -> None:
        """Publish; leave the folder tidy, and to others."""
        super().after_train(runner)
        self._end_save(inf)
        if is_main_process():
            for folder in {runner.work_dir, self.out_dir}:
                unlock_folder(folder, TRAIN_LOCK)

    def save_extra(self, runner: Runner, step: int) -> None:
        """Save out of turn, unless iteration `step` is saved already.

        Counts among `max_keep_ckpts`; the next checkpoint takes its place,
        so that in the end the same ones are there as without it.
        """
        if self.last_ckpt != self._path(self.files.name(step)):
            meta = dict(epoch=runner.epoch, iter=step)
            self._save_checkpoint_with_step(runner, step, meta, extra=True)

    def _take_over(self, runner: Runner, kept: object) -> tuple:
        """What the resumed checkpoint says that is true in this folder.

        Returns:
            (steps of the kept checkpoints, step of the extra one, name of
            the last one, names of the best ones), None where there is none.
        """
        folders = [runner.work_dir, self.out_dir]
        if all(
            [lock_folder(folder, TRAIN_LOCK, PATIENCE) for folder in folders]
        ):
            self.files.sweep(folders)
        info = runner.message_hub.runtime_info
        steps = self.files.steps(kept)
        extra = self.files.steps([info.get('extra_ckpt')])
        last = self.files.here(info.get('last_ckpt'))
        bests = []
        for key in self._keys():
            named = info.get(self._info('best_ckpt', key))
            bests.append(self.files.here(named, key))
            if named is not None and bests[-1] is None:
                runner.logger.warning(
                    f'The resumed checkpoint names {named!r} as the best: no '
                    f'file of this run in {self.out_dir}. It is left alone, '
                    f'and the next validation counts as the best by {key}.'
                )
        needed = {last, *bests, *map(self.files.name, steps + extra)}
        self._orphans = self.files.finish(runner.work_dir, needed)
        return steps, extra[0] if extra else None, last, bests

    def _save_checkpoint_with_step(
        self, runner: Runner, step: int, meta: dict, extra: bool = False
    ) -> None:
        name = self.files.name(step)
        outdated = [*self._outdated, *self._remember(runner, step, extra)]
        self.last_ckpt = self._path(name)
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        self._note([name], outdated)
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
        if is_main_process():
            write_atomically(
                osp.join(runner.work_dir, LAST), self.last_ckpt.encode()
            )
            self.files.remove(set(outdated) - self._needed())
        self._new, self._outdated = [], []
        self._end_save(step)

    def _save_best_checkpoint(self, runner: Runner, metrics: dict) -> None:
        if not self.save_best:
            return
        if 'auto' in self.key_indicators:
            self._init_rule(self.rules, [next(iter(metrics))])
            self.files.keys = self.key_indicators
        step = runner.epoch if self.by_epoch else runner.iter
        meta = dict(epoch=runner.epoch, iter=runner.iter)
        hub, updated = runner.message_hub, False
        for key, rule in zip(self.key_indicators, self.rules, strict=True):
            if key not in metrics:
                raise ValueError(
                    f'save_best={key!r}, but the validation gives '
                    f'{", ".join(metrics)}. Name one of these.'
                )
            info = self._info('best_score', key)
            best = hub.runtime_info.get(info, self.init_value_map[rule])
            if metrics[key] is None or not self.is_better_than[key](
                metrics[key], best
            ):
                continue
            updated = True
            old, name = self._best(key), self.files.best_name(key, step)
            hub.update_info(info, metrics[key])
            self._set_best(runner, key, name)
            self._new.append(name)
            if old is not None and old != name:
                self._outdated.append(old)
            self._note([], [])
            runner.save_checkpoint(
                self.out_dir,
                filename=name,
                save_optimizer=False,
                save_param_scheduler=False,
                meta=dict(meta),
                by_epoch=False,
                backend_args=self.backend_args,
            )
            runner.logger.info(
                f'The best checkpoint with {metrics[key]:0.4f} {key} at '
                f'{step} {"epoch" if self.by_epoch else "iter"} is saved to '
                f'{name}.'
            )
        if updated and self.last_ckpt is not None:
            # It shall know the new best one; only then the old one may go.
            self._save_checkpoint_with_step(runner, step, meta)
        elif updated:  # no checkpoint knows the old one
            if is_main_process():
                self.files.remove(set(self._outdated) - self._needed())
            self._outdated = []

    def _remember(self, runner: Runner, step: int, extra: bool) -> list[str]:
        """Add `step` to the kept ones; the names that are now too many."""
        kept, limit = self.keep_ckpt_ids, self.max_keep_ckpts
        outdated = {self._extra} - {None, step}
        self._extra = step if extra else None
        if limit > 0 and not extra and step not in kept:
            kept.append(step)
        while limit > 0 and len(kept) > limit - extra:
            outdated.add(kept.popleft())
        runner.message_hub.update_info('keep_ckpt_ids', list(kept))
        runner.message_hub.update_info('extra_ckpt', self._extra)
        return [self.files.name(old) for old in outdated if old is not None]

    def _note(self, writing: list[str], outdated: list[str]) -> None:
        if is_main_process():
            self.files.write_journal(
                [*self._orphans, *self._new, *writing], outdated
            )

    def _end_save(self, step: float) -> None:
        """Delete what a killed run wrote that was not written again."""
        if not is_main_process():
            return
        best = all(self._best(key) is not None for key in self._keys())
        self._orphans = self.files.drop(
            self._orphans, step, best, self._needed()
        )
        if self._orphans:
            self._note([], [])
        else:
            self.files.end_journal()

    def _needed(self) -> set[str]:
        """Names of the files that must not go."""
        steps = [*self.keep_ckpt_ids, self._extra]
        names = {self.files.name(step) for step in steps if step is not None}
        names |= {osp.basename(self.last_ckpt or '')}
        return names | {self._best(key) or '' for key in self._keys()}

    def _keys(self) -> list[str]:
        return self.key_indicators if self.save_best else []

    def _info(self, name: str, key: str) -> str:
        """Under which name MMEngine keeps it in the message hub."""
        return name if len(self.key_indicators) == 1 else f'{name}_{key}'

    def _path(self, name: str | None) -> Any:
        return name and self.file_backend.join_path(self.out_dir, name)

    def _best(self, key: str) -> str | None:
        if len(self.key_indicators) == 1:
            path = self.best_ckpt_path
        else:
            path = self.best_ckpt_path_dict.get(key)
        return path and osp.basename(path)

    def _set_best(self, runner: Runner, key: str, name: str | None) -> None:
        if len(self.key_indicators) == 1:
            self.best_ckpt_path = self._path(name)
        else:
            self.best_ckpt_path_dict[key] = self._path(name)
        if name is not None:
            runner.message_hub.update_info(
                self._info('best_ckpt', key), self._path(name)
            )
