"""Label pictures as numbers: ids as they are, colours as 24 bits."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...datasets.array_files import read_array
from ...datasets.label_check import BROKEN
from ...datasets.label_ids import IGNORED
from ...fileio.images import check_picture, open_picture
from ...fileio.text import read_bytes
from .terms import Colour, Reading

MIDDLE = 128  # of black and white
NEAR = 40  # to black or white: what JPEG and smooth edges leave
ARRAYS = ('.npy', '.npz')


class Picture(NamedTuple):
    """A label file as it is.

    Attributes:
        values: (H, W) integers or (H, W, 3) uint8 RGB.
        lossy: whether it is a JPEG or the like.
        palette: (N, 3) uint8 RGB of a picture of indices, or None.
        plain: an 8-bit PNG of one channel, which training reads as it is.
    """

    values: np.ndarray
    lossy: bool
    palette: np.ndarray | None
    plain: bool


@dataclass(frozen=True)
class Look:
    """What one label file holds.

    Attributes:
        path: below the folder.
        size: (height, width).
        counts: pixels of each code.
        coloured: whether it has colours that are not grey.
        lossy: see `Picture`.
        palette: see `Picture`, as tuples.
    """

    path: str
    size: tuple[int, int]
    counts: Counter
    coloured: bool
    lossy: bool
    palette: tuple[Colour, ...]


def read_picture(path: Path) -> Picture:
    """Read a label picture, or an array of ids.

    Raises:
        FileNotFoundError or ValueError: missing, damaged, floats.
    """
    if path.suffix.lower() in ARRAYS:
        return Picture(_read_array(path), False, None, False)
    check_picture(read_bytes(path, 'label map'), str(path))
    try:
        with open_picture(path) as picture:
            picture.load()
    except BROKEN as error:
        reason = str(error).removeprefix(f'{path}: ')
        raise ValueError(f'{path}: unreadable ({reason})') from None
    lossy = picture.format in ('JPEG', 'MPO', 'WEBP')
    plain = picture.format == 'PNG' and picture.mode in ('L', 'P')
    palette = None
    if picture.mode == 'P':
        colours = picture.getpalette('RGB') or []
        palette = np.asarray(colours, np.uint8).reshape(-1, 3)
        values = np.asarray(picture)
        if picture.format == 'GIF' and (palette == palette[:, :1]).all():
            # It has no grey of its own, and indices in any order.
            values, palette = palette[values][..., 0], None
    elif picture.mode == '1':
        values = np.asarray(picture).astype(np.uint8)
    elif picture.mode == 'L' or picture.mode.startswith('I'):
        values = np.asarray(picture)
    elif picture.mode == 'LA':
        values = np.asarray(picture)[..., 0]
    elif picture.mode == 'F':
        raise ValueError(
            f'{path}: float values; a label map holds whole numbers. Save '
            'ids as 8-bit PNG'
        )
    else:
        values = np.asarray(picture.convert('RGB'))
        red, green, blue = np.moveaxis(values, -1, 0)
        if np.array_equal(red, green) and np.array_equal(red, blue):
            values = red
    return Picture(values, lossy, palette, plain)


def _read_array(path: Path) -> np.ndarray:
    try:
        array = read_array(path, 'label')
    except Exception as error:  # zipfile, zlib and numpy raise their own
        raise ValueError(f'{path}: unreadable array ({error})') from None
    if array.ndim == 3 and 1 in (array.shape[0], array.shape[-1]):
        array = array[0] if array.shape[0] == 1 else array[..., 0]
    if array.ndim != 2 or array.dtype.kind not in 'bui':
        raise ValueError(
            f'{path}: an array of {array.dtype} and shape {array.shape}; '
            'wanted (H, W) whole numbers, the class ids'
        )
    return array.astype(np.uint8) if array.dtype.kind == 'b' else array


def pack(colours: np.ndarray) -> np.ndarray:
    """(..., 3) RGB to one number each, red first."""
    wide = colours.astype(np.int32)
    return (wide[..., 0] << 16) | (wide[..., 1] << 8) | wide[..., 2]


def unpack(code: int) -> Colour:
    """The RGB of a number."""
    return code >> 16 & 255, code >> 8 & 255, code & 255


def to_codes(picture: Picture, reading: Reading) -> np.ndarray:
    """(H, W) codes of a picture.

    Args:
        picture: as read.
        reading: 'values': as they are; 'ends': 1 where they are 255, and
            all others 0; 'threshold': 1 where they are 128 or more, else 0;
            'colours': 24 bits, of indices too.

    Raises:
        ValueError: colours, or values beside 0 and 255, where none may be.
    """
    values = picture.values
    if reading == 'colours':
        if values.ndim == 2 and picture.palette is not None:
            table = np.zeros((256, 3), np.uint8)
            table[: len(picture.palette)] = picture.palette
            values = table[values]
        elif values.ndim == 2:
            values = np.repeat(values[..., None], 3, axis=2)
        return pack(values)
    if values.ndim == 3:
        raise ValueError(
            'colours, where other masks are grey; save all of them alike'
        )
    if reading == 'ends':
        others = values[(values != 0) & (values != IGNORED)]
        if others.size:
            raise ValueError(
                f'holds {others[0]}, where other masks hold 0 and 255 alone; '
                'make it black and white, or all of them class ids'
            )
        return (values == IGNORED).astype(np.uint8)
    if reading == 'threshold':
        return (values >= MIDDLE).astype(np.uint8)
    return values


def count(codes: np.ndarray) -> Counter:
    """Pixels of each code."""
    if codes.dtype == np.uint8:
        counts = np.bincount(codes.ravel(), minlength=256)
        found = np.flatnonzero(counts)
        return Counter(
            dict(zip(found.tolist(), counts[found].tolist(), strict=True))
        )
    values, lengths = _runs(codes)
    found, places = np.unique(values, return_inverse=True)
    counts = np.bincount(places.ravel(), lengths).astype(np.int64)
    return Counter(dict(zip(found.tolist(), counts.tolist(), strict=True)))


def translate(codes: np.ndarray, mapping: Mapping[int, int]) -> np.ndarray:
    """(H, W) uint8 classes of codes.

    Args:
        codes: (H, W) integers, each in `mapping`.
        mapping: from a code to a class or 255.
    """
    values, lengths = _runs(codes)
    known = np.array(sorted(mapping), np.int64)
    classes = np.array([mapping[code] for code in known.tolist()], np.uint8)
    translated = classes[np.searchsorted(known, values.astype(np.int64))]
    return np.repeat(translated, lengths).reshape(codes.shape)


def _runs(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values and lengths of runs of equal codes: few, as areas are large."""
    flat = codes.ravel()
    starts = np.r_[0, np.flatnonzero(flat[1:] != flat[:-1]) + 1]
    return flat[starts], np.diff(np.r_[starts, flat.size])


def look_at(folder: Path, path: str) -> Look:
    """What a label file holds, as ids if it can be, else as colours.

    Raises:
        FileNotFoundError or ValueError: as `read_picture`.
    """
    picture = read_picture(folder / path)
    coloured = picture.values.ndim == 3
    codes = to_codes(picture, 'colours' if coloured else 'values')
    palette = picture.palette if picture.palette is not None else ()
    return Look(
        path,
        (codes.shape[0], codes.shape[1]),
        count(codes),
        coloured,
        picture.lossy,
        tuple((int(r), int(g), int(b)) for r, g, b in palette),
    )


def as_colours(look: Look) -> Counter:
    """Counts of a file by colour, where others are coloured."""
    if look.coloured:
        return look.counts
    counts: Counter = Counter()
    for value, number in look.counts.items():
        if look.palette:
            inside = 0 <= value < len(look.palette)
            colour = look.palette[value] if inside else (0, 0, 0)
        else:
            colour = (value & 255,) * 3
        counts[int(pack(np.array(colour)))] += number
    return counts


def is_black_and_white(counts: Counter) -> bool:
    """Whether nearly all values lie near 0 or 255, and some at either."""
    total = sum(counts.values())
    low = sum(n for value, n in counts.items() if value <= NEAR)
    high = sum(n for value, n in counts.items() if 255 - NEAR <= value <= 255)
    return min(low, high) > 0 and low + high >= 0.97 * total
