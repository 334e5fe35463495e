"""The small text files beside depth data: split lists and camera matrices."""

from io import StringIO
from pathlib import Path

import numpy as np

from ..checks import Camera, check_matrix
from ..fileio.text import read_text

NO_TRUTH = 'None'  # stands for a depth map that does not exist
MAX_COLUMNS = 3


def read_split(path: str | Path, min_columns: int = 1) -> list[list[str]]:
    """The columns of each line that is not empty.

    `rgb depth`, `rgb depth focal` (BTS, BinsFormer), `rgb depth dense`
    (NeWCRFs) or a single name.

    Args:
        path: of the file.
        min_columns: how many a line has at least.

    Raises:
        ValueError: a line has more or fewer columns, or the file is not
            text in UTF-8.
    """
    lines = read_text(path).splitlines()
    rows = [line.split() for line in lines]
    for number, columns in enumerate(rows, 1):
        if columns and len(columns) < min_columns:
            raise ValueError(
                f'{path}, line {number}: wanted {min_columns} columns or more '
                f'(`rgb depth ...`), found {lines[number - 1]!r}'
            )
        if len(columns) > MAX_COLUMNS:
            raise ValueError(
                f'{path}, line {number}: {len(columns)} columns, wanted `rgb '
                'depth`, `rgb depth focal` or one name (blanks separate '
                'columns, so names cannot hold any)'
            )
    return [columns for columns in rows if columns]


def read_intrinsics(path: str | Path) -> Camera:
    """(fx, fy, cx, cy) from a text file of the 3 x 3 camera matrix.

    Raises:
        ValueError: no such file, or it holds something else: skew, a focal
            length that is not above 0, NaN.
    """
    try:
        matrix = np.loadtxt(StringIO(read_text(path))).reshape(3, 3)
    except (OSError, ValueError) as error:
        raise ValueError(
            f'{path}: wanted a text file of the 3 x 3 camera matrix ({error})'
        ) from None
    return check_matrix(matrix.tolist(), str(path))
