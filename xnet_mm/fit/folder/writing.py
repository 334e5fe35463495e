"""What both tasks write: lists of names, and links where a list cannot."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from ...datasets.conversion.jobs import place
from ...datasets.threads import Job, Result, run_jobs
from ...fileio.atomic import write_atomically
from .images import Size
from .terms import FolderError


def run(
    function: Callable[[Job], Result],
    jobs: Sequence[Job],
    description: str,
    workers: int | None,
) -> list[Result]:
    """Do all jobs, in threads, with a progress bar.

    Raises:
        FolderError: the first that went wrong, and how many did.
    """
    results = run_jobs(function, jobs, description, workers)
    wrong = [result for result in results if isinstance(result, str)]
    if wrong:
        more = f' ({len(wrong) - 1} more files are wrong)'
        raise FolderError(wrong[0] + more * (len(wrong) > 1))
    return [result for result in results if not isinstance(result, str)]


def write_names(path: Path, names: Iterable[str]) -> None:
    """A list with one name a line."""
    write_atomically(path, ''.join(f'{name}\n' for name in names).encode())


def link(source: Path, target: Path) -> None:
    """A link to a file, or a copy where the system has none."""
    try:
        place(source, target)
    except OSError:
        place(source, target, copy=True)


def is_listable(name: str, blanks: bool) -> bool:
    """Whether a line of a list can hold a name.

    Args:
        name: path of a file.
        blanks: whether it may have blanks within.
    """
    words = name.split()
    return len(name.splitlines()) == 1 and (
        name == name.strip() if blanks else words == [name]
    )


def common_parent(names: Sequence[str]) -> str:
    """The innermost folder of all paths; '' for none."""
    parents = [PurePosixPath(name).parent.parts for name in names]
    common = parents[0]
    for parts in parents[1:]:
        same = 0
        while same < min(len(common), len(parts)) and (
            common[same] == parts[same]
        ):
            same += 1
        common = common[:same]
    return '/'.join(common)


def median_size(sizes: Sequence[Size]) -> Size:
    """The median height and width."""
    height, width = np.median(np.array(sizes), axis=0)
    return int(height), int(width)
