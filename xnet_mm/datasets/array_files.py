"""npy and npz files, of which the header is read before anything else."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import IO
from zipfile import ZipFile

import numpy as np
from numpy.lib import format as npy

from ..fileio.image_headers import check_limit

MAX_HEADER = 10_000  # bytes, as numpy has it
# Above this size data that shrink so much are one value, and no depth map.
LARGE, BOMB_RATIO = 2**28, 500
HEADERS: dict[tuple[int, int], Callable] = {
    (1, 0): npy.read_array_header_1_0,
    (2, 0): npy.read_array_header_2_0,
}


def read_array(path: str | Path, name: str) -> np.ndarray:
    """The array of an npy file, or of an npz file the one of that name.

    Nothing of the claimed size is made before the header was checked, and
    pickled objects, which could run code, are refused.

    Args:
        path: of the file.
        name: in an npz file; where it holds a single array, that is taken.

    Raises:
        ValueError: what is wrong, without the path; numpy's and zipfile's
            own errors are of many kinds.
    """
    with Path(path).open('rb') as file:
        if file.read(4) != b'PK\x03\x04':
            size = Path(path).stat().st_size
            return _read_npy(file, size)
        with ZipFile(file) as archive:
            found = {
                info.filename.removesuffix('.npy'): info
                for info in archive.infolist()
            }
            if name not in found and len(found) != 1:
                raise ValueError(
                    f'wanted an array named {name}, or a single one; found '
                    f'{", ".join(found) or "none"}'
                )
            info = found.get(name) or next(iter(found.values()))
            size, packed = info.file_size, max(info.compress_size, 1)
            if size > LARGE and size > BOMB_RATIO * packed:
                raise ValueError(
                    f'{packed} bytes become {size}: made to fill the memory. '
                    'If the file is what you want, save it by np.save'
                )
            with archive.open(info) as member:
                return _read_npy(member, size)


def _read_npy(file: IO[bytes], size: int) -> np.ndarray:
    """The array of an npy file of `size` bytes."""
    file.seek(0)
    start = file.read(12)
    file.seek(0)
    version = npy.read_magic(file)
    if version not in HEADERS:
        raise ValueError(f'npy version {version}, wanted (1, 0) or (2, 0)')
    length = start[8:10] if version == (1, 0) else start[8:12]
    if int.from_bytes(length, 'little') > MAX_HEADER:
        raise ValueError(
            f'a header of {int.from_bytes(length, "little")} bytes, at most '
            f'{MAX_HEADER} are read'
        )
    shape, _, dtype = HEADERS[version](file)
    if dtype.hasobject:
        raise ValueError(
            'pickled objects, which could run code; save numbers, by '
            'np.save(..., allow_pickle=False)'
        )
    there = size - file.tell()
    claimed = math.prod(shape) * dtype.itemsize
    if claimed > there:
        raise ValueError(
            f'the header claims {shape} values of {dtype}, which are '
            f'{claimed} bytes; there are {there}'
        )
    check_limit(math.prod(shape), f'{shape} values')
    file.seek(0)
    return npy.read_array(file, allow_pickle=False)
