"""Depth maps of any program's files, in metres, and what their units are."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..datasets.depth_io import Encoding, read_depth, read_values
from ..evaluation.depth_files import KITTI, MILLIMETRES
from .spaces import Space

METRES = 1.0
NOUNS: dict[Space, str] = dict(
    depth='depths', inverse_depth='inverse depths', disparity='disparities'
)
# Of plain values one of eight is a multiple of 8; of turned ones all are,
# but for depths beyond 8.191 m, whose first bits come last.
MANY, SHARE = 16, 0.5  # different values; multiples among them
EXR_SWITCH = 'OPENCV_IO_ENABLE_OPENEXR'


@dataclass(frozen=True)
class Units:
    """What the numbers in files mean.

    Attributes:
        scale: File units per metre, of all files; None: metres in files of
            floats, and `scale_of_integers` in files of integers.
        scale_of_integers: For what `scale` leaves open.
        encoding: Of 16-bit files, see `read_depth`; None: plain, and files
            that look turned by three bits are refused.
        space: Depth in metres, inverse depth in 1/m, of which integers have
            no usual scale, or disparity, which has no unit at all.
    """

    scale: float | None = None
    scale_of_integers: float = MILLIMETRES
    encoding: Encoding | None = 'plain'
    space: Space = 'depth'

    @property
    def noun(self) -> str:
        """What the numbers are called."""
        return NOUNS[self.space]

    def scale_for(self, values: np.ndarray) -> float:
        """File units per metre, or per 1/m, of a file with these values.

        Raises:
            ValueError: integers that are inverse depths, and no scale.
        """
        if self.space == 'disparity':
            return 1.0
        if self.scale is not None:
            return self.scale
        if values.dtype.kind == 'f':
            return METRES
        if self.space == 'inverse_depth':
            raise ValueError(
                f'{values.dtype} values, and integers have no usual scale as '
                'inverse depths. Give --prediction-scale, file units per '
                '1/m, or write floats in 1/m'
            )
        return self.scale_of_integers

    def describe(self) -> str:
        """What is said about it."""
        if self.space == 'disparity':
            return 'disparities, 1/d up to an unknown scale and shift'
        if self.space == 'inverse_depth':
            scale = f'{self.scale:g} file units per ' if self.scale else ''
            return f'inverse depths, {scale}1/m'
        if self.scale is not None:
            text = f'{self.scale:g} file units per metre'
        else:
            text = (
                f'floats are metres, integers {self.scale_of_integers:g} '
                'units per metre'
            )
        turned = ', turned by three bits' if self.encoding == 'rotate3' else ''
        return text + turned


def usual_units(protocol: str) -> tuple[Units, Units]:
    """Units of predictions and of truth that are not given.

    Integers are millimetres, and for KITTI's protocols 1/256 m, as its
    devkit has it for both sides. Whether truth for SUN RGB-D's is turned is
    left open.

    Args:
        protocol: Its name.
    """
    scale = KITTI if protocol.startswith('kitti') else MILLIMETRES
    encoding: Encoding | None = None if protocol.startswith('sun') else 'plain'
    return Units(None, scale), Units(None, scale, encoding)


def read_prediction(path: Path, units: Units) -> np.ndarray:
    """A predicted map, (H, W) float32, as it is in the file.

    In metres, 1/m or, of disparities, without a unit. 0 and negative values
    stay: they are predictions, and wrong ones.

    Args:
        path: Of the file.
        units: Its units.

    Raises:
        FileNotFoundError: no such file.
        ValueError: unreadable, no depth map, with NaN or infinity, or
            without a known scale.
    """
    _allow_exr(path)
    values = read_values(path)
    wrong = values.size - int(np.isfinite(values).sum())
    if wrong:
        raise ValueError(
            f'{path}: {wrong} of {values.size} predicted {units.noun} are '
            'NaN or infinite. A protocol has no figure for these; write a '
            'finite number everywhere'
        )
    try:
        scale = np.float32(units.scale_for(values))
    except ValueError as error:
        raise ValueError(f'{path}: {error}') from None
    # Beyond float32 a float64 becomes infinite.
    with np.errstate(over='ignore'):
        depth = np.divide(values, scale, dtype=np.float32, casting='same_kind')
    if not np.isfinite(depth).all():
        raise ValueError(
            f'{path}: predicted {units.noun} up to '
            f'{np.abs(values).max():g} are beyond float32. Write metres'
        )
    return depth


def read_truth(path: Path, units: Units) -> np.ndarray:
    """A true map, (H, W) float32 metres; 0 where there is none.

    NaN, infinite and negative values mean "none", as everywhere here.

    Args:
        path: Of the file.
        units: Its units.

    Raises:
        FileNotFoundError: no such file.
        ValueError: unreadable, no depth map, or turned by three bits where
            nothing was said of it.
    """
    _allow_exr(path)
    values = read_values(path)
    if units.encoding is None and looks_turned(values):
        raise ValueError(
            f'{path}: most of its 16-bit values are multiples of 8, as in '
            'files of SUN RGB-D, which are turned left by three bits. Give '
            '--truth-encoding rotate3, or plain if they are not'
        )
    encoding = units.encoding or 'plain'
    return read_depth(path, units.scale_for(values), encoding)


def looks_turned(values: np.ndarray) -> bool:
    """Whether 16-bit values look turned by three bits, as SUN RGB-D's.

    Args:
        values: as the file has them, of any type.
    """
    if values.dtype != np.uint16:
        return False
    known = np.unique(values[values > 0])
    return len(known) >= MANY and bool((known & 7 == 0).mean() > SHARE)


def _allow_exr(path: Path) -> None:
    """Switch OpenCV's EXR on, for kinds that are not read here.

    It looks for the switch at the first such file.
    """
    if path.suffix.lower() == '.exr':
        os.environ.setdefault(EXR_SWITCH, '1')
