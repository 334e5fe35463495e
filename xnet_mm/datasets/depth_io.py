"""The one reader of depth files: any supported format in, metres out."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import cv2
import numpy as np

from ..checks import check_scale
from ..fileio.exr import EXR_START, UnsupportedExrError, decode_exr
from ..fileio.image_headers import turn
from ..fileio.images import check_picture
from ..fileio.text import read_bytes
from .array_files import read_array

Encoding = Literal['plain', 'rotate3']
ENCODINGS = get_args(Encoding)


def read_depth(
    path: str | Path,
    scale: float,
    encoding: Encoding = 'plain',
    invalid_values: Sequence[float] = (),
) -> np.ndarray:
    """Read a depth map in metres.

    Formats: 16-bit PNG or TIFF; float TIFF; EXR (`fileio.exr`, and other
    kinds where OpenCV's build reads them); npy; npz with the array `depth`
    or a single one. Files that claim more values than they can hold, or than
    OPENCV_IO_MAX_IMAGE_PIXELS, are refused by their header.

    Args:
        path: of the file.
        scale: file units per metre: 1000 for millimetres (NYU), 256 for
            KITTI, 1 for metres (DDAD).
        encoding: 'plain', or 'rotate3' for SUN RGB-D's files, whose 16 bits
            are turned left by three (its toolbox's `read3dPoints.m`); a
            plain shift loses the far depths.
        invalid_values: what means "none" beside 0, NaN, infinite and
            negative values, in the units that `scale` divides: as the file
            has them or, with 'rotate3', after turning back. Float files may
            differ by their rounding.

    Returns:
        (H, W) float32 in metres; 0 = no ground truth.

    Raises:
        FileNotFoundError: no such file.
        ValueError: the file cannot be read or holds no depth map: 8-bit
            values, several channels, no numbers; or such a scale.
    """
    path = str(path)
    check_scale(scale, f'{path}: depth_scale')
    raw = read_values(path)
    if encoding == 'rotate3':
        if raw.dtype != np.uint16:
            raise ValueError(
                f"{path}: {raw.dtype} values, but depth_encoding='rotate3' "
                "is that of 16-bit files. Use depth_encoding='plain'"
            )
        raw = (raw >> 3) | (raw << 13)
    depth = np.divide(raw, np.float32(scale), dtype=np.float32)
    if raw.dtype.kind != 'u':
        depth[~(np.isfinite(depth) & (depth > 0))] = 0
    for value in invalid_values:
        depth[_equals(raw, value)] = 0
    return depth


def read_values(path: str | Path) -> np.ndarray:
    """The values of a depth file as it has them, (H, W), of any format.

    Formats and errors: those of `read_depth`. Nothing is scaled, and NaN,
    infinite and negative values stay.
    """
    path = str(path)
    if not Path(path).is_file():
        raise FileNotFoundError(f'{path}: no such depth file')
    is_array = path.lower().endswith(('.npy', '.npz'))
    raw = _read_array(path) if is_array else _read_image(path)
    _check_raw(path, raw)
    return raw


def read_depth_of(sample: dict) -> np.ndarray:
    """The depth map of a sample of a data set's list; see `read_depth`."""
    return read_depth(
        sample['depth_map_path'],
        sample['depth_scale'],
        sample['depth_encoding'],
        sample.get('invalid_values', ()),
    )


def _equals(raw: np.ndarray, value: float) -> np.ndarray:
    """Where (H, W) values of a file are `value`, as far as it can tell."""
    if raw.dtype.kind != 'f':
        return raw == value
    with np.errstate(over='ignore'):  # float16 ends at 65504
        same = np.asarray(value, raw.dtype)
    return np.isclose(raw, same, rtol=1e-6, atol=0)


def _read_array(path: str) -> np.ndarray:
    """The array of an npy file, or the depth of an npz file.

    Axes of one channel at the ends are dropped: (1,H,W), (H,W,1).
    """
    try:
        raw = read_array(path, 'depth')
    except Exception as error:  # zipfile, zlib and numpy raise their own
        raise ValueError(f'{path}: unreadable depth ({error})') from None
    while raw.ndim > 2 and 1 in (raw.shape[0], raw.shape[-1]):
        raw = raw[0] if raw.shape[0] == 1 else raw[..., 0]
    return raw


def _read_image(path: str) -> np.ndarray:
    """The values of a picture file as they are, turned as images are."""
    content = read_bytes(path)
    kind = ''
    if content.startswith(EXR_START):
        try:
            return decode_exr(content, path)
        except UnsupportedExrError as error:  # perhaps OpenCV can
            kind = str(error).removeprefix(f'{path}: ')
    try:
        orientation = check_picture(content, path)
        raw = cv2.imdecode(
            np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED
        )
    except (cv2.error, ValueError) as error:
        raw, reason = None, str(error).strip().removeprefix(f'{path}: ')
    else:
        reason = 'OpenCV cannot decode it'
    if raw is None and kind:
        reason = f'{kind}, {_describe_opencv()}'
    if raw is None:
        raise ValueError(f'{path}: unreadable depth ({reason})')
    return turn(raw, orientation)


def _describe_opencv() -> str:
    """Why OpenCV did not read an EXR file either, and what to do."""
    found = re.search(r'OpenEXR: +(.*)', cv2.getBuildInformation())
    if found is None or found[1].strip() == 'NO':
        text = f'and this OpenCV ({cv2.__version__}) was built without EXR'
    else:
        text = (
            'which OpenCV reads with OPENCV_IO_ENABLE_OPENEXR=1 in the '
            'environment, if at all'
        )
    return (
        f'{text}. Save it as scan lines compressed by ZIP, or as npy or '
        'float TIFF'
    )


def _check_raw(path: str, raw: np.ndarray) -> None:
    """Raise unless `raw` is a map of numbers finer than 8 bits."""
    if raw.ndim != 2:
        raise ValueError(
            f'{path}: wanted one channel of depth, got an array of shape '
            f'{raw.shape}; is it a picture or a coloured depth map?'
        )
    if raw.dtype.kind not in 'uif':
        raise ValueError(f'{path}: wanted numbers, got {raw.dtype}')
    if raw.dtype.itemsize == 1:
        raise ValueError(
            f'{path}: 8-bit depth ({raw.dtype}, values {raw.min()} to '
            f'{raw.max()}): 256 steps are a picture of a depth map or a '
            'mask. Give the original file: 16-bit PNG, float TIFF, npy, npz'
        )
