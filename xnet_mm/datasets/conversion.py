"""What the converters share: whole files, lists, an account of failures."""

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from rich.progress import track

from ..engine.atomic import write_atomically

Job = TypeVar('Job')


def place(source: Path, target: Path, copy: bool = False) -> None:
    """Put a file of a release into the layout, unless it is there.

    Args:
        source: the file.
        target: its new path; folders are made as needed.
        copy: copy the file instead of linking to it.
    """
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f'{target.name}.tmp')
    temporary.unlink(missing_ok=True)
    if copy:
        shutil.copyfile(source, temporary)
    else:
        temporary.symlink_to(source.resolve())
    temporary.replace(target)


def run_jobs(
    function: Callable[[Job], bool],
    jobs: Sequence[Job],
    description: str,
    workers: int | None = None,
) -> list[bool | str]:
    """Run every job, in threads, with a progress bar.

    Args:
        function: does one job; returns whether there was something to do.
            It raises OSError or ValueError where a file is missing or
            broken.
        jobs: its arguments.
        description: for the bar.
        workers: threads; by default one a core.

    Returns:
        For each job what `function` returned, or the text of its error.
    """

    def attempt(job: Job) -> bool | str:
        try:
            return function(job)
        except (OSError, SyntaxError, ValueError) as error:  # Pillow: Syntax
            return str(error)

    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        results = pool.map(attempt, jobs)
        return list(track(results, description, total=len(jobs)))


def report_broken(messages: Iterable[str], skip: bool) -> None:
    """Name what failed; ends the program unless it may be skipped.

    Args:
        messages: one a file.
        skip: go on without these files.
    """
    messages = list(messages)
    if not messages:
        return
    listing = '\n  '.join(messages)
    if skip:
        print(f'skipped {len(messages)}:\n  {listing}')
        return
    sys.exit(
        f'{len(messages)} failed, and no list was written:\n  {listing}\n'
        'Get these files again and repeat the run (what is done stays '
        'done), or leave them out with --skip-broken.'
    )


def write_list(path: Path, rows: Iterable[Sequence[str]]) -> None:
    """Write a split file: one row a line, columns with a space between."""
    text = ''.join(' '.join(row) + '\n' for row in rows)
    write_atomically(path, text.encode())


def read_list(path: Path) -> list[list[str]]:
    """Columns of each line of a split file; a leading `/` is dropped.

    Raises:
        ValueError: no file, or no line in it.
    """
    if not path.is_file():
        raise ValueError(f'{path}: no such list')
    lines = path.read_text(encoding='utf-8').splitlines()
    rows = [[c.lstrip('/') for c in line.split()] for line in lines]
    rows = [row for row in rows if row]
    if not rows:
        raise ValueError(f'{path}: an empty list')
    return rows
