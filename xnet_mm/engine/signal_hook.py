"""Stopping on a signal: what was trained is saved, `--resume` goes on."""

import atexit
import faulthandler
import math
import os
import signal
import threading
import time
from collections.abc import Sequence
from functools import partial
from types import FrameType
from typing import Any

import torch
from mmengine.dist import all_reduce, barrier, get_world_size, is_distributed
from mmengine.hooks import CheckpointHook, Hook
from mmengine.runner import BaseLoop, IterBasedTrainLoop, Runner

from ..errors import STOPPED
from ..registry import HOOKS
from .processes import end_with_launcher, guard_workers, leave_at_once, say

RELAY = 0.5  # seconds: one Ctrl-C may arrive twice, once by the launcher
EVERY = 10  # images between two looks at the others during validation


@HOOKS.register_module()
class StopOnSignalHook(Hook):
    """Ends a training that gets a signal as one that can go on.

    The iteration is finished, a checkpoint saved (by the run's
    CheckpointHook), and the process exits with status 75; in a validation
    after the current image, and the resumed run validates first. An
    epoch-based run, which can resume at whole epochs only, saves nothing
    more. Before the first iteration there is nothing to save. A second
    signal ends the process at once, with status 128 + its number.

    In a distributed run the signal may reach one process or all: they agree
    on the iteration. A launcher that dies counts as a signal.

    Ctrl-C, and what slurm and spot machines send, is meant for all processes
    of a run, data workers too; these ignore it.

    Args:
        signals: Names of the signals.

    Raises:
        ValueError: no such signal, or one that cannot be caught.
    """

    priority = 95  # after the CheckpointHook

    def __init__(
        self, signals: Sequence[str] = ('SIGINT', 'SIGTERM', 'SIGUSR1')
    ) -> None:
        known = [s.name for s in signal.Signals]
        for name in signals:
            if name not in known or name in ('SIGKILL', 'SIGSTOP'):
                raise ValueError(
                    f'StopOnSignalHook: {name!r} is no signal that can be '
                    "caught. Give names such as 'SIGTERM', 'SIGUSR2'."
                )
        self.signals = tuple(signal.Signals[name] for name in signals)
        self.received = self._signum = 0  # by this process, by any
        self._old: dict = {}
        self._first = False
        self._common = 0

    def before_train(self, runner: Runner) -> None:
        """Listen from here on."""
        self.received, self._first = 0, True
        for loop in (runner.train_loop, runner.val_loop):
            if loop is not None:
                guard_workers(loop.dataloader, self.signals)
        end_with_launcher(partial(self._note, signal.SIGTERM))
        if threading.current_thread() is threading.main_thread():
            self._listen()

    def before_train_iter(self, runner: Runner, *_: Any, **__: Any) -> None:
        """Stop where nothing has been trained yet."""
        if self._first and self._agreed():
            self._stop(runner, None)
        self._first = False

    def after_train_iter(self, runner: Runner, *_: Any, **__: Any) -> None:
        """Stop if a process of the run got a signal."""
        if self._agreed():
            self._stop(runner, runner.iter + 1)

    def before_val(self, runner: Runner) -> None:
        """Count the batches that every process has."""
        if self._old or is_distributed():
            count = torch.tensor(len(runner.val_dataloader))
            all_reduce(count, 'min')
            self._common = int(count)

    def after_val_iter(
        self, runner: Runner, batch_idx: int, *_: Any, **__: Any
    ) -> None:
        """Stop within a validation of a training."""
        look = get_world_size() == 1 or batch_idx % EVERY == EVERY - 1
        training = runner.message_hub.runtime_info.get('max_iters')
        if training and look and batch_idx < self._common and self._agreed():
            self._stop(runner, runner.iter)

    def after_train(self, runner: Runner) -> None:
        """Signals do again what they did before."""
        self._listen_no_more()

    def _agreed(self) -> bool:
        """Whether any process of the run got a signal."""
        # Not into `received`: a signal may come while others are waited for.
        signum = torch.tensor(self.received)
        all_reduce(signum, 'max')  # without others: as it is
        self._signum = int(signum)
        return self._signum > 0

    def _stop(self, runner: Runner, step: int | None) -> None:
        """Save what was done up to `step`, and exit.

        Raises:
            SystemExit: always, but in the midst of accumulated gradients.
        """
        where = 'before the first iteration'
        if step is not None:
            if step % _accumulated(runner) and step != runner.max_iters:
                return  # these gradients are in no checkpoint
            where = f'after iteration {step}; {_save(runner, step)}'
        name = signal.Signals(self._signum).name
        runner.logger.info(
            f'Stopped by {name} {where}. Exit status {STOPPED}: --resume '
            'goes on here.'
        )
        runner.visualizer.close()
        self._listen_no_more()
        if is_distributed():
            barrier()  # the first process may still be writing
            for signum in self.signals:  # of the launcher, to the last ones
                signal.signal(signum, signal.SIG_IGN)
            torch.distributed.destroy_process_group()
            atexit.register(leave_at_once, STOPPED)
        raise SystemExit(STOPPED)

    def _listen(self) -> None:
        self._old = {s: signal.signal(s, self._note) for s in self.signals}
        # The interpreter may be far from calling `_note` for a second signal
        # (in a kernel, in waiting for another process): a thread is not.
        read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        self._old_fd = signal.set_wakeup_fd(self._write)
        threading.Thread(target=self._watch, args=(read,), daemon=True).start()

    def _listen_no_more(self) -> None:
        for signum, handler in self._old.items():
            signal.signal(signum, handler)
        if self._old:
            self._old = {}
            signal.set_wakeup_fd(self._old_fd)
            os.close(self._write)  # ends the thread

    def _note(self, signum: int, frame: FrameType | None = None) -> None:
        if frame is not None and not _is_within_loop(frame):
            # An error has ended the training, and a notebook goes on.
            self._listen_no_more()
            signal.raise_signal(signum)
        self.received = self.received or signum

    def _watch(self, read: int) -> None:
        first = None
        with os.fdopen(read, 'rb', buffering=0) as pipe:
            while byte := pipe.read(1):
                if byte[0] not in self.signals:
                    continue
                name = signal.Signals(byte[0]).name
                if first is None:
                    first = time.monotonic()
                    say(f'{name}: stopping after this step; again: at once.')
                elif time.monotonic() - first > RELAY:
                    say(f'{name} again: ending at once, here:')
                    faulthandler.dump_traceback()
                    os._exit(128 + byte[0])


def _is_within_loop(frame: FrameType | None) -> bool:
    """Whether a loop of MMEngine is at work at this point of the program."""
    while frame is not None:
        if isinstance(frame.f_locals.get('self'), BaseLoop):
            return True
        frame = frame.f_back
    return False


def _accumulated(runner: Runner) -> int:
    """Iterations from one step of the optimiser to the next."""
    wrapper: Any = runner.optim_wrapper
    wrappers = wrapper.values() if hasattr(wrapper, 'values') else [wrapper]
    counts = [getattr(w, '_accumulative_counts', 1) for w in wrappers]
    return math.lcm(*counts)


def _save(runner: Runner, step: int) -> str:
    """Save by the run's own hook; says what there is to resume from."""
    for hook in runner.hooks:
        if isinstance(hook, CheckpointHook):
            if not isinstance(runner.train_loop, IterBasedTrainLoop):
                return f'resumes at a whole epoch: {hook.last_ckpt}'
            if hasattr(hook, 'save_extra'):
                hook.save_extra(runner, step)
            else:
                meta = dict(epoch=runner.epoch, iter=step)
                hook._save_checkpoint_with_step(runner, step, meta)
            return f'saved: {hook.last_ckpt}'
    return 'nothing is saved: the run has no CheckpointHook'


def _forget_the_pipe() -> None:
    """A forked process shall not tell the first one of its own signals."""
    if threading.current_thread() is threading.main_thread():
        signal.set_wakeup_fd(-1)


if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_forget_the_pipe)
