"""What a converter does with each file of a release, and with its lists."""

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from ...fileio.atomic import write_atomically
from ...fileio.images import read_image
from ..depth_check import read_pair
from ..depth_io import Encoding
from ..split_file import read_split


def read_rgb(path: Path) -> np.ndarray:
    """(H, W, 3) uint8 RGB; decoded to the end, as a file may be cut short.

    Raises:
        FileNotFoundError or ValueError: as `read_image`.
    """
    return np.ascontiguousarray(read_image(path)[..., ::-1])


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


def write_list(path: Path, rows: Iterable[Sequence[str]]) -> None:
    """Write a split file: one row a line, columns with a space between."""
    text = ''.join(' '.join(row) + '\n' for row in rows)
    write_atomically(path, text.encode())


def read_list(path: Path) -> list[list[str]]:
    """Image, depth map and more of each line; a leading `/` is dropped.

    Args:
        path: of the list that came with a release.

    Raises:
        ValueError: no file, no line in it, or one too short or too long.
    """
    if not path.is_file():
        raise ValueError(f'{path}: no such list')
    rows = read_split(path, min_columns=2)
    if not rows:
        raise ValueError(f'{path}: an empty list')
    return [[column.lstrip('/') for column in row] for row in rows]
