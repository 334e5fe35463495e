"""What image files were decoded to, kept for the next epoch.

A PNG of Cityscapes takes forty times as long to decode as its pixels take to
read, and a training decodes each a hundred times.
"""

import logging
import os
from collections.abc import Callable
from hashlib import sha256
from os import path as osp
from pathlib import Path

import cv2
import numpy as np
import PIL
from mmengine.logging import print_log

from ..fileio.atomic import replacing
from ..version import __version__
from .array_files import read_array
from .label_cache import stamps_of

FORMAT = 1  # raise it when a reader gives other arrays
MADE_BY = (FORMAT, __version__, cv2.__version__, PIL.__version__)


class DecodedFiles:
    """Arrays by the file that they were decoded from, as npy files.

    The pixels are those of the decoder: nothing is compressed again. A file
    that changes has other stamps, and so another array; what was kept of it
    before stays until the folder is removed. Any number of processes may use
    one folder.

    Args:
        folder: of the arrays, which is made as needed: on a disk that reads
            faster than a core decodes. None keeps nothing.
    """

    def __init__(self, folder: str | Path | None) -> None:
        self.folder = Path(folder).expanduser() if folder else None

    def read(
        self, path: str | Path, kind: str, decode: Callable[[], np.ndarray]
    ) -> np.ndarray:
        """The array of a file.

        Args:
            path: of the file. One that is not of this machine, or that
                changed within the last two seconds, is decoded each time.
            kind: of the reader and its settings: others get others' arrays.
            decode: gives the array, where there is none yet.
        """
        stamps = None if self.folder is None else stamps_of(path)
        if self.folder is None or stamps is None:
            return decode()
        what = [*MADE_BY, kind, osp.abspath(path), *stamps]
        name = os.fsencode('\0'.join(map(str, what)))
        digest = sha256(name).hexdigest()
        kept = self.folder / digest[:2] / f'{digest[2:]}.npy'
        try:
            return read_array(kept, '')
        except Exception:  # zipfile, zlib and numpy raise their own
            pass  # not there, or damaged: it is made anew
        array = decode()
        try:
            with replacing(kept) as temporary, temporary.open('wb') as file:
                np.save(file, array, allow_pickle=False)
        except OSError as error:
            print_log(
                f'What files are decoded to is no longer kept ({error}): '
                "make room, or leave out the loader's `decoded`.",
                logger='current',
                level=logging.WARNING,
            )
            self.folder = None
        return array
