"""A tool in a process of its own, watched, and stopped by Ctrl-C."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..errors import STOPPED
from ..paths import tools_dir

POLL = 0.5  # seconds
LAST_LINES = 12  # of a failed tool's output


class ToolFailedError(RuntimeError):
    """A tool ended with an error; the text has its last lines."""


class StoppedError(Exception):
    """Ctrl-C, or a signal, has ended the tool; it can go on."""


def run_tool(
    name: str,
    arguments: Sequence[str],
    log: Path,
    watch: Callable[[], None] = lambda: None,
) -> None:
    """Run a tool of this package until it ends.

    Args:
        name: of the tool.
        arguments: of its command line.
        log: file that its output is added to.
        watch: called twice a second.

    Raises:
        StoppedError: by a signal to it or to this process, which the tool
            was given time to answer.
        ToolFailedError: it failed.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open('ab') as output:
        begin = output.tell()
        process = subprocess.Popen(
            [sys.executable, str(tools_dir() / f'{name}.py'), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C is for this process, which hands it on once.
            start_new_session=True,
        )
    with _Signals() as received:
        try:
            _wait(process, watch, received)
        except BaseException:
            _kill(process)
            raise
    if received:
        raise StoppedError
    if process.returncode in (STOPPED, -signal.SIGTERM, -signal.SIGINT):
        raise StoppedError
    if process.returncode:
        with log.open('rb') as output:
            output.seek(begin)
            text = output.read().decode(errors='replace')
        lines = [line for line in text.splitlines() if line.strip()]
        tail = '\n  '.join(lines[-LAST_LINES:])
        raise ToolFailedError(
            f'{name} ended with status {process.returncode}. The end of '
            f'{log}:\n  {tail}'
        )


class _Signals:
    """Ctrl-C and SIGTERM are noted inside, and interrupt nothing.

    An exception out of a handler is lost where it comes up in the clean-up
    of an object.
    """

    def __enter__(self) -> list[int]:
        received: list[int] = []
        self.old: dict[int, Any] = {}
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self.old[number] = signal.signal(
                    number, lambda signum, frame: received.append(signum)
                )
        return received

    def __exit__(self, *_: object) -> None:
        for number, handler in self.old.items():
            signal.signal(number, handler)


def _wait(
    process: subprocess.Popen,
    watch: Callable[[], None],
    received: list[int],
) -> None:
    """Until it ends: the first signal is handed on, a second one kills."""
    told = False
    while True:
        try:
            process.wait(POLL)
            return
        except subprocess.TimeoutExpired:
            pass
        if len(received) > 1:
            _kill(process)
        elif received and not told:
            told = True
            process.send_signal(signal.SIGINT)
        elif not received:
            watch()


def _kill(process: subprocess.Popen) -> None:
    """End it and what it has started."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
