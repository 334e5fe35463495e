"""The label maps of a folder, whatever they are stored as."""

from collections import Counter
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from .classes import Classes, Style
from .codes import read_picture, to_codes
from .images import Size
from .labels import check_size
from .terms import Pair


class Codes(NamedTuple):
    """A label map.

    Attributes:
        values: (H, W) integers.
        plain: whether its file is an 8-bit PNG that holds just these.
    """

    values: np.ndarray
    plain: bool


class Truth(Protocol):
    """Reads label maps, of any kind."""

    def read(self, pair: Pair, size: Size) -> Codes:
        """The label map of an image of a size, (height, width).

        Raises:
            FileNotFoundError or ValueError: damaged, or of another size.
        """

    def classes(self, counts: Counter) -> Classes:
        """What the codes mean that all files together hold."""


class PictureTruth:
    """Label maps that are pictures.

    Args:
        folder: the user's.
        style: how they are to be read.
    """

    def __init__(self, folder: Path, style: Style) -> None:
        self._folder, self._style = folder, style

    def read(self, pair: Pair, size: Size) -> Codes:
        """See `Truth`."""
        path = self._folder / pair.truth
        picture = read_picture(path)
        shape = picture.values.shape[:2]
        check_size(shape, size, path, self._folder / pair.image)
        try:
            codes = to_codes(picture, self._style.reading)
        except ValueError as error:
            raise ValueError(f'{path}: {error}') from None
        return Codes(codes, picture.plain and self._style.reading == 'values')

    def classes(self, counts: Counter) -> Classes:
        """See `Truth`."""
        return self._style.classes(counts, self._folder)
