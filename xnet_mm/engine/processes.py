"""Processes that end when they should, several that talk to each other too."""

import atexit
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from torch.utils.data import DataLoader

LAST_WORDS = 30  # seconds to save in, after the launcher's death
_at_launchers_death: list[Callable[[], object]] = []
_watch: threading.Thread | None = None


def end_with_launcher(first: Callable[[], object] | None = None) -> None:
    """Let this process not outlive the torchrun that started it.

    A launcher that is killed by SIGKILL leaves its processes to themselves:
    nobody would notice when one of them hangs. Nothing happens where another
    program started this one.

    Args:
        first: Called then; the process has `LAST_WORDS` to end by itself.
            Else it ends at once.
    """
    global _watch
    if 'TORCHELASTIC_RUN_ID' not in os.environ:
        return
    if first is not None:
        _at_launchers_death[:] = [first]
    if _watch is None:
        _watch = threading.Thread(
            target=_end_after, args=(os.getppid(),), daemon=True
        )
        _watch.start()


def _end_after(launcher: int) -> None:
    while os.getppid() == launcher:
        time.sleep(0.5)
    say(f'The launcher, process {launcher}, is gone: this process ends.')
    for first in _at_launchers_death:
        first()
        time.sleep(LAST_WORDS)
    os._exit(1)


def say(text: str) -> None:
    """Print to standard error, from any thread."""
    os.write(2, f'{text}\n'.encode())


def leave_at_once(status: int = 0) -> None:
    """Exit with `status`, as `multiprocessing` ends its processes.

    For `atexit.register`: the last exit function to be registered is the
    first to be called. Python has joined its threads by then, those of pools
    too.
    """
    atexit.unregister(leave_at_once)
    try:
        atexit._run_exitfuncs()  # writers of logs, workers of loaders
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def why_waited(error: RuntimeError, rank: int) -> str | None:
    """A text for a user, of an error in talking to other processes.

    Args:
        error: From any operation of `torch.distributed`.
        rank: Of this process.

    Returns:
        None for another error.
    """
    text = str(error)
    if 'imed out' in text or 'imeout' in text:
        return (
            f'Process {rank} has waited too long for another one, which '
            f'hangs or is much slower ({text.splitlines()[0]}). Look at what '
            'that one does: its log, its stack (`py-spy dump --pid PID`), '
            'its data, its disk, its memory. If a step may take longer, '
            'raise env_cfg.dist_cfg.timeout (seconds) in the config. The '
            'last checkpoint is whole: --resume goes on from it.'
        )
    if 'onnection' in text and ('closed' in text or 'reset' in text):
        return (
            f'Process {rank} has lost another one ({text.splitlines()[0]}): '
            'see what that one said before. The last checkpoint is whole: '
            '--resume goes on from it.'
        )
    return None


def guard_workers(loader: DataLoader, signals: tuple[int, ...]) -> None:
    """Make a loader's workers deaf to `signals`, and short-lived orphans.

    Ctrl-C in a terminal, slurm and `killpg` send a signal to all processes
    of a run. A worker that it ends would end the iteration that the main
    process wants to finish. When the main process asks for its end, or dies,
    a worker does end.
    """
    if not hasattr(signal, 'sigtimedwait'):  # not on Linux
        return
    loader.worker_init_fn = partial(
        _start_worker, signals, loader.worker_init_fn
    )
    start = loader._get_iterator

    def start_deaf() -> Any:
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        try:
            return start()  # a worker inherits the mask
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    loader._get_iterator = start_deaf  # type: ignore[method-assign]


def _start_worker(
    signals: tuple[int, ...], init: Callable | None, worker_id: int
) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {*signals, signal.SIGTERM})
    threading.Thread(
        target=_end_with, args=(os.getppid(),), daemon=True
    ).start()
    if init is not None:
        init(worker_id)


def _end_with(parent: int) -> None:
    """End this worker with its parent, or when that one terminates it."""
    while os.getppid() == parent:
        asked = signal.sigtimedwait({signal.SIGTERM}, 1.0)
        if asked is not None and asked.si_pid == parent:
            break
    os._exit(0)
