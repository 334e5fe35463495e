"""Many files in threads, and an account of those that are wrong."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from rich.console import Console
from rich.progress import track

# Jobs that a thread takes at a time: handing over one costs as much as to
# look at a small file. Few enough for Ctrl-C to end soon.
AT_A_TIME = 16

Job = TypeVar('Job')
Result = TypeVar('Result')


def run_jobs(
    function: Callable[[Job], Result],
    jobs: Sequence[Job],
    description: str,
    workers: int | None = None,
) -> list[Result | str]:
    """Run every job, in threads, with a progress bar.

    Threads, as OpenCV, Pillow and NumPy let go of the interpreter's lock.

    Args:
        function: does one job. It raises OSError or ValueError where a file
            is missing or broken.
        jobs: its arguments.
        description: for the bar.
        workers: threads; by default one a core.

    Returns:
        For each job what `function` returned, or the text of its error.
    """

    def attempt(job: Job) -> Result | str:
        try:
            return function(job)
        except (OSError, ValueError) as error:
            return str(error)

    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        results = pool.map(attempt, jobs)
        return list(track(results, description, total=len(jobs)))


def look_at_files(
    function: Callable[[Job], Result],
    jobs: Sequence[Job],
    description: str,
    show_progress: bool = True,
) -> list[Result]:
    """Run many jobs that take a moment each, in threads.

    Args:
        function: does one job; what it raises ends all.
        jobs: its arguments.
        description: for the progress bar on stderr, which goes when all is
            done.
        show_progress: draw it.

    Returns:
        What `function` returned, in the order of the jobs.
    """
    parts = [jobs[i : i + AT_A_TIME] for i in range(0, len(jobs), AT_A_TIME)]
    with ThreadPoolExecutor() as pool:
        done = pool.map(lambda part: [*map(function, part)], parts)
        results = track(
            (result for part in done for result in part),
            description,
            total=len(jobs),
            console=Console(stderr=True),
            transient=True,
            disable=not show_progress,
        )
        return list(results)
