"""Pillow's pictures as arrays, by the rules of `images.py`."""

import numpy as np
from PIL import Image

from .image_headers import turn

DARK = 64  # of 256: the brightest of 14 bits
NO_COLOURS = ('I', 'F')  # modes
ORIENTATION = 0x0112  # in Exif
DEEP = 'Scale the values to 8 bits and save them as PNG'
OTHERS = (
    '. Channels that are no colours, and values of more bits, are for '
    'xnet_mm.LoadMultiChannelImage'
)


def from_pillow(picture: Image.Image, name: str) -> np.ndarray:
    """A picture that is open, as (H, W, 3) uint8 RGB.

    Turned as its orientation tag says, without transparency, of 16 bits the
    upper eight: what `read_image` gives of the file, where that is lossless.

    Args:
        picture: in any mode but those of 32-bit values.
        name: of it, for errors.

    Raises:
        ValueError: 32-bit or float values, 16-bit ones that use only the low
            bits, or the file behind it is damaged.
    """
    try:
        picture.load()
    except Exception as error:  # Pillow's are of many kinds
        raise ValueError(f'{name}: unreadable image ({error})') from None
    if picture.mode in NO_COLOURS:
        raise ValueError(
            f'{name}: float, signed or 32-bit values (mode {picture.mode}). '
            f'{DEEP}'
        )
    image = as_rgb(picture)
    if is_deep_grey(picture) and np.asarray(picture).any():
        check_dark(image, name)
    found: object = picture.getexif().get(ORIENTATION)
    known = isinstance(found, int) and 1 <= found <= 8
    return turn(image, found if isinstance(found, int) and known else 1)


def is_deep_grey(picture: Image.Image) -> bool:
    """Whether it holds 16-bit grey values."""
    return picture.mode.startswith('I;16')


def as_rgb(picture: Image.Image) -> np.ndarray:
    """(H, W, 3) uint8 RGB, not turned; of 16-bit grey the upper eight."""
    if not is_deep_grey(picture):
        return np.asarray(picture.convert('RGB'))
    values = np.asarray(picture).astype(np.uint16)
    return np.repeat((values >> 8).astype(np.uint8)[..., None], 3, axis=2)


def check_dark(image: np.ndarray, name: str) -> None:
    """Refuse what was 16-bit and uses 14 bits or fewer.

    Args:
        image: uint8, the upper bits.
        name: of the picture.

    Raises:
        ValueError: it would come out dark.
    """
    if image.max() < DARK:
        top = 256 * int(image.max()) + 255
        raise ValueError(
            f'{name}: its 16-bit values end at {top} or below, of '
            '65535, so the picture would come out dark or black. '
            f'{DEEP}, or to the whole range of 16 bits{OTHERS}'
        )
