"""The runs of an ablation, started side by side, resumed and watched.

A run is tools/train.py in a process of its own. POSIX only (process groups).
"""

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from rich.progress import Progress, TaskID

from ..fileio.lock import (
    TRAIN_LOCK,
    FolderInUseError,
    lock_folder,
    unlock_folder,
)
from .logs import read_log
from .plan import Run

POLL = 1.0  # seconds
PATIENCE = 10  # seconds from SIGTERM to SIGKILL
LAST_LINES = 15  # of a failed run's output
LOCK = 'lock'  # between instances; the training has its own


def visible_gpus() -> list[str]:
    """What to put into CUDA_VISIBLE_DEVICES for each GPU of this process."""
    count = torch.cuda.device_count()
    named = os.environ.get('CUDA_VISIBLE_DEVICES')
    return (named.split(',') if named else list(map(str, range(count))))[
        :count
    ]


def slot_environments(jobs: int) -> list[dict[str, str]]:
    """Environment of each of the `jobs` trainings that run side by side.

    A GPU each, in turn when there are fewer; else a share of the cores,
    unless OMP_NUM_THREADS is set already.
    """
    gpus = visible_gpus()
    if gpus:
        return [
            {'CUDA_VISIBLE_DEVICES': gpus[slot % len(gpus)]}
            for slot in range(jobs)
        ]
    if jobs == 1 or 'OMP_NUM_THREADS' in os.environ:
        return [{}] * jobs
    threads = max(1, (os.cpu_count() or 1) // jobs)
    return [{'OMP_NUM_THREADS': str(threads)}] * jobs


class Training:
    """A running tools/train.py.

    Args:
        run: What to train.
        script: Path of tools/train.py.
        environment: To add to this process's own.
    """

    def __init__(
        self, run: Run, script: Path, environment: dict[str, str]
    ) -> None:
        self.run, self.environment = run, environment
        self.output = run.folder / 'out.log'
        self.start = time.monotonic()
        with self.output.open('ab') as output:
            self.process = subprocess.Popen(
                [sys.executable, str(script), *run.arguments()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
                # Ctrl-C is for this process: `stop` ends the data workers
                # too, and no traceback looks like a failure in the log.
                start_new_session=True,
            )

    def wait(self, seconds: float) -> bool:
        """Whether the process has ended within `seconds`."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def problem(self) -> str:
        """What went wrong in the ended process; '' if nothing did."""
        code = self.process.returncode
        if code == 0 and self.run.is_finished():
            return ''
        text = f'{self.run}: exit status {code}'
        if code == 0:
            text += f', but no validation at {self.run.iterations} iterations'
        lines = self.output.read_text(errors='replace').splitlines()
        tail = '\n  '.join(lines[-LAST_LINES:])
        return f'{text}. The end of {self.output}:\n  {tail}'

    def stop(self) -> None:
        """End the process and its workers; the last checkpoint remains."""
        for signum in (signal.SIGTERM, signal.SIGKILL):
            if self.process.poll() is None:
                os.killpg(self.process.pid, signum)
                self.wait(PATIENCE)


def train(
    runs: Sequence[Run],
    script: Path,
    jobs: int,
    after_each: Callable[[], object],
) -> list[str]:
    """Train what is not finished, `jobs` at once.

    A run that fails does not keep the others from running. An exception,
    Ctrl-C among them, stops the running ones; they resume the next time.

    Args:
        runs: In the order to train them.
        script: Path of tools/train.py.
        jobs: How many at once.
        after_each: Called whenever another run is finished.

    Returns:
        A text for each run that failed or is trained by another instance.
    """
    waiting = deque(run for run in runs if not run.is_finished())
    slots = deque(slot_environments(jobs))
    active: dict[Training, TaskID] = {}
    problems = []
    with Progress() as progress:
        overall = progress.add_task(
            'Runs',
            total=len(runs),
            completed=len(runs) - len(waiting),
        )

        def say(text: str) -> None:
            progress.console.print(
                text, markup=False, highlight=False, soft_wrap=True
            )

        def start(run: Run) -> None:
            try:
                lock_folder(run.folder, LOCK)
                # A training may have outlived the one that started it.
                lock_folder(run.folder, TRAIN_LOCK)
            except FolderInUseError:
                unlock_folder(run.folder, LOCK)
                problems.append(f'{run}: another instance is training it.')
                say(problems[-1])
                return
            unlock_folder(run.folder, TRAIN_LOCK)  # tools/train.py takes it
            if run.is_finished():  # by another instance, meanwhile
                unlock_folder(run.folder, LOCK)
                progress.advance(overall)
            else:
                training = Training(run, script, slots.popleft())
                active[training] = progress.add_task(
                    str(run), total=run.iterations
                )

        def end(training: Training) -> None:
            slots.append(training.environment)
            unlock_folder(training.run.folder, LOCK)
            progress.remove_task(active.pop(training))
            problem = training.problem()
            if problem:
                problems.append(problem)
            else:
                progress.advance(overall)
                after_each()
            minutes = (time.monotonic() - training.start) / 60
            first = problem.partition('\n')[0]
            say(first or f'{training.run}: finished, {minutes:.1f} min')

        try:
            while waiting or active:
                while waiting and slots:
                    start(waiting.popleft())
                for training, task in list(active.items()):
                    if training.process.poll() is not None:
                        end(training)
                    else:
                        done = read_log(training.run.folder).iteration
                        progress.update(task, completed=done)
                for training in list(active)[:1]:
                    training.wait(POLL)
        finally:
            for training in active:
                training.stop()
                unlock_folder(training.run.folder, LOCK)
    return problems
