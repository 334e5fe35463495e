"""What the converters share: whole files, lists, an account of failures."""

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image
from rich.progress import track

from ...fileio.atomic import write_atomically
from ..depth_check import read_pair
from ..depth_io import Encoding

Job = TypeVar('Job')
MOST_NAMED = 50


def read_rgb(path: Path) -> np.ndarray:
    """(H, W, 3) uint8 RGB; decoded to the end, as a file may be cut short.

    Raises:
        OSError: missing or broken; names the file.
    """
    try:
        with Image.open(path) as file:
            return np.asarray(file.convert('RGB'))
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: no such image') from None
    except (OSError, SyntaxError) as error:
        raise OSError(f'{path}: unreadable image ({error})') from None


def check_pair(
    image: Path, depth: Path | None, encoding: Encoding = 'plain'
) -> None:
    """Read an image and its depth map, if it has one, to the end.

    Raises:
        OSError, ValueError: missing, broken, no depth map, or of two sizes.
    """
    if depth is None:
        read_rgb(image)
    else:
        read_pair((str(image), str(depth)), 1, encoding)


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
        except (OSError, ValueError) as error:
            return str(error)

    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        results = pool.map(attempt, jobs)
        return list(track(results, description, total=len(jobs)))


def report_broken(results: Sequence[bool | str], skip_broken: bool) -> None:
    """Name what failed; ends the program unless that may be skipped.

    Args:
        results: of `run_jobs`; further errors may stand among them.
        skip_broken: go on without the files that failed.
    """
    errors = [result for result in results if isinstance(result, str)]
    if not errors:
        return
    listing = ''.join(f'\n  {error}' for error in errors[:MOST_NAMED])
    if len(errors) > MOST_NAMED:
        listing += f'\n  ... ({len(errors)} in all)'
    if skip_broken:
        print(f'skipped {len(errors)}:{listing}')
        return
    sys.exit(
        f'{len(errors)} failed, and no list was written:{listing}\n'
        'Get these files again and repeat the run (what is done stays '
        'done), or leave them out with --skip-broken.'
    )


def write_list(path: Path, rows: Iterable[Sequence[str]]) -> None:
    """Write a split file: one row a line, columns with a space between."""
    text = ''.join(' '.join(row) + '\n' for row in rows)
    write_atomically(path, text.encode())


def read_list(path: Path, columns: int = 2) -> list[list[str]]:
    """Columns of each line of a split file; a leading `/` is dropped.

    Args:
        path: of the file.
        columns: how many a line has at least.

    Raises:
        ValueError: no file, no line in it, or one too short.
    """
    if not path.is_file():
        raise ValueError(f'{path}: no such list')
    rows = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        row = [column.lstrip('/') for column in line.split()]
        if row and len(row) < columns:
            raise ValueError(
                f'{path}, line {number}: wanted {columns} columns or more '
                f'(`rgb depth ...`), found {line!r}'
            )
        if row:
            rows.append(row)
    if not rows:
        raise ValueError(f'{path}: an empty list')
    return rows
