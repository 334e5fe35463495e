"""Many files in threads, and an account of those that are wrong."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from rich.progress import track

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
