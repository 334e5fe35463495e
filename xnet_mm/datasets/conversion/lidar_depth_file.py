"""Depth maps of LiDAR points: npz files that say how they were made.

`depth` is (H, W) float32, metres, 0 = no point, as every reader of DDAD
expects it. `convention` beside it is a text, the key of `CONVENTIONS` by
which points became pixels.
"""

import io
from pathlib import Path
from zipfile import ZipFile

import numpy as np

from ...fileio.atomic import write_atomically
from ..array_files import read_array

BEFORE = 'nearest'  # what files are that were written without the word


def write_lidar_depth(path: Path, depth: np.ndarray, convention: str) -> None:
    """Write a map, compressed to a sixtieth, whole or not at all."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, depth=depth, convention=np.str_(convention))
    write_atomically(path, buffer.getvalue())


def check_convention(path: Path, convention: str) -> None:
    """Refuse a file of another convention: no folder shall hold both.

    Raises:
        ValueError: it is of another, or cannot be read.
    """
    try:
        with ZipFile(path) as archive:
            says = 'convention.npy' in archive.namelist()
        found = str(read_array(path, 'convention')) if says else BEFORE
    except Exception as error:  # zipfile, zlib and numpy raise their own
        raise ValueError(
            f'{path}: unreadable depth map ({error}). Delete it and repeat'
        ) from None
    if found == convention:
        return
    made = (
        f'was made with --convention {found}'
        if says
        else f'does not say its convention, so that it counts as {BEFORE}'
    )
    raise ValueError(
        f'{path}: {made}; wanted {convention}. Convert into another folder, '
        'or delete the depth maps of this one'
    )
