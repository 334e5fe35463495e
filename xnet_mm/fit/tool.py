"""A tool in a process of its own, watched, and stopped by Ctrl-C."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ..paths import tools_dir

POLL = 0.5  # seconds
STOPPED = 75  # tools/train.py's status when it was stopped and has saved
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
    with _SignalsAsInterrupts():
        try:
            _wait(process, watch)
        except KeyboardInterrupt:
            _stop(process)
            raise StoppedError from None
        except BaseException:
            _kill(process)
            raise
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


class _SignalsAsInterrupts:
    """SIGTERM is Ctrl-C as well, inside."""

    def __enter__(self) -> None:
        self.old = signal.signal(signal.SIGTERM, signal.default_int_handler)

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGTERM, self.old)


def _wait(process: subprocess.Popen, watch: Callable[[], None]) -> None:
    while True:
        try:
            process.wait(POLL)
            return
        except subprocess.TimeoutExpired:
            watch()


def _stop(process: subprocess.Popen) -> None:
    """Hand a Ctrl-C on, and wait; a second one kills."""
    try:
        process.send_signal(signal.SIGINT)
        process.wait()
    except KeyboardInterrupt:
        _kill(process)


def _kill(process: subprocess.Popen) -> None:
    """End it and what it has started."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
