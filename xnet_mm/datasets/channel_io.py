"""The one reader of images of any number of channels, and values of any kind.

`fileio.images` reads pictures: three channels of 8 bits. Here values come as
they are in the file.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..fileio.image_headers import turn
from ..fileio.images import check_picture, read_image, read_size
from ..fileio.text import read_bytes
from ..fileio.tiff import ORIENTATION, decode_tiff, is_tiff, read_pages
from .array_files import read_array

ARRAYS = ('.npy', '.npz')
STRETCHED = (2, 98)  # percentiles that become black and white


def read_channels(path: str | Path) -> np.ndarray:
    """The values of an image, (H, W, N) uint8 or float32.

    Formats: TIFF (`fileio.tiff`), npy, npz with the array `image` or a
    single one, and pictures of 8 or 16 bits (PNG, JPEG, ...), whose channels
    come as R, G, B and alpha. Of an array of three axes the shorter one of
    the outer two holds the channels: (H, W, N) or (N, H, W).

    8-bit values stay uint8, all others become float32.

    Raises:
        FileNotFoundError: no such file.
        ValueError: no image, damaged, cut short, made to fill the memory; or
            values that are no finite numbers.
    """
    name = str(path)
    content = read_bytes(path, 'image')
    if name.lower().endswith(ARRAYS):
        image = _read_array(path)
    elif is_tiff(content):
        image = decode_tiff(content, name)
    else:
        image = _read_picture(content, name)
    if image.dtype == np.bool_:
        image = image.astype(np.uint8)
    if image.dtype.kind not in 'uif':
        raise ValueError(f'{name}: wanted numbers, got {image.dtype}')
    if image.dtype == np.uint8:
        return np.ascontiguousarray(image)
    with np.errstate(over='ignore'):
        image = np.ascontiguousarray(image, np.float32)
    wrong = image.size - int(np.isfinite(image).sum())
    if wrong:
        raise ValueError(
            f'{name}: {wrong} of {image.size} values are NaN, infinite or '
            'beyond float32. Write another value where there are no data, '
            'the mean of the channel say'
        )
    return image


def read_image_size(path: str | Path) -> tuple[int, int]:
    """(width, height) of an image of either reader, from its header.

    Of an npz file the array is read.

    Raises:
        FileNotFoundError: no such file.
        ValueError: no image.
    """
    if str(path).lower().endswith(ARRAYS):
        read_bytes(path, 'image')  # says what is wrong with the path
        height, width = _read_array(path).shape[:2]
        return width, height
    try:
        return read_size(path)
    except ValueError:
        content = read_bytes(path, 'image')
        if not is_tiff(content):
            raise
    page = read_pages(content, str(path))[0]
    height, width = page.shape[:2]
    turned = page.tags.get(ORIENTATION, (1,))[0] >= 5
    return (height, width) if turned else (width, height)


def image_reader(transforms: Iterable[Any]) -> Callable[..., np.ndarray]:
    """How a pipeline reads the file of an image: path -> (H, W, N).

    Args:
        transforms: the pipeline; the first one loads. One of ours says how
            by `read`, for all others it is `read_image`.
    """
    return getattr(next(iter(transforms), None), 'read', read_image)


def picture_reader(transforms: Iterable[Any]) -> Callable[..., np.ndarray]:
    """How people are shown the file: path -> (H, W, 3) uint8 BGR.

    Args:
        transforms: as for `image_reader`; `picture` of the first one.
    """
    return getattr(next(iter(transforms), None), 'picture', read_image)


def to_picture(image: np.ndarray) -> np.ndarray:
    """Three channels (red, green, blue), or one, as (H, W, 3) uint8 BGR.

    Args:
        image: (H, W, 3) or (H, W, 1); 8-bit values stay, of others each
            channel is stretched from its 2nd to its 98th percentile.
    """
    if image.dtype != np.uint8:
        low, high = np.percentile(image, STRETCHED, axis=(0, 1))
        share = (image - low) / np.maximum(high - low, 1e-12)
        image = np.rint(255 * share.clip(0, 1)).astype(np.uint8)
    if image.shape[2] == 1:
        return np.repeat(image, 3, axis=2)
    return np.ascontiguousarray(image[..., ::-1])


def _read_array(path: str | Path) -> np.ndarray:
    """(H, W, N) of an npy or npz file."""
    try:
        array = read_array(path, 'image')
    except Exception as error:  # zipfile, zlib and numpy raise their own
        raise ValueError(f'{path}: unreadable array ({error})') from None
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or not array.size:
        raise ValueError(
            f'{path}: an array of shape {array.shape}; wanted (H, W), '
            '(H, W, N) or (N, H, W)'
        )
    first, last = array.shape[0], array.shape[2]
    if first == last:
        raise ValueError(
            f'{path}: an array of shape {array.shape}: which axis holds the '
            'channels is not known. Save a TIFF'
        )
    return array if last < first else array.transpose(1, 2, 0)


def _read_picture(content: bytes, name: str) -> np.ndarray:
    """(H, W, N) of a PNG, JPEG, ...: grey, RGB or RGBA, of 8 or 16 bits."""
    orientation = check_picture(content, name)
    try:
        image = cv2.imdecode(
            np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED
        )
    except cv2.error:
        image = None
    if image is None:
        raise ValueError(
            f'{name}: unreadable image (damaged, or not of a kind that is '
            'read: TIFF, npy, npz, and the pictures that OpenCV reads)'
        )
    if image.ndim == 2:
        image = image[..., None]
    elif image.shape[2] in (3, 4):
        image = image[..., [2, 1, 0, 3][: image.shape[2]]]
    return turn(image, orientation)
