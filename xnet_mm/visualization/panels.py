"""Pictures of label maps: titled panels side by side above a colour legend.

Everything here is numpy in, numpy out: images are (H, W, 3) uint8 RGB, label
maps (H, W) integers, where an id without a class (255, say) is void.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

TEXT_SIZE = 15  # pixels
ROW = 24  # height of a title or of one row of the legend, pixels
GAP = 8  # around entries and between panels, pixels
VOID = (0, 0, 0)


def colours_as_bytes(palette: Sequence | np.ndarray) -> np.ndarray:
    """(K, 3) uint8 of RGB colours from 0 to 255.

    Raises:
        ValueError: colours of another form or range; numpy 1 would wrap 300
            to 44 without a word.
    """
    colours = np.array(palette)
    shape = colours.shape
    if colours.dtype.kind not in 'iu' or len(shape) != 2 or shape[1] != 3:
        raise ValueError(
            f'a palette of shape {shape} and type {colours.dtype}; wanted '
            'three whole numbers, red, green, blue, for each class.'
        )
    if not 0 <= colours.min() <= colours.max() <= 255:
        raise ValueError(
            f'a palette with colours from {colours.min()} to '
            f'{colours.max()}; wanted 0 to 255.'
        )
    return colours.astype(np.uint8)


def colour_labels(labels: np.ndarray, palette: Sequence) -> np.ndarray:
    """Paint each pixel in its class's colour, void in black.

    Args:
        labels: (H, W) class ids.
        palette: RGB colour of each class, 0 to 255.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        ValueError: see `colours_as_bytes`.
    """
    table = colours_as_bytes([*palette, VOID])
    void = len(palette)
    known = (labels >= 0) & (labels < void)
    return table[np.where(known, labels, void)]


def overlay(
    image: np.ndarray, labels: np.ndarray, palette: Sequence, opacity: float
) -> np.ndarray:
    """Each class's colour over the image.

    Args:
        image: (H, W, 3) uint8 RGB.
        labels: (H, W) class ids.
        palette: RGB colour of each class, 0 to 255.
        opacity: of the colours, 0 to 1.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    image = np.ascontiguousarray(image)
    colours = colour_labels(labels, palette)
    return cv2.addWeighted(image, 1 - opacity, colours, opacity, 0)


def legend(
    classes: Sequence[str],
    palette: Sequence,
    ids: Sequence[int],
    width: int,
) -> np.ndarray:
    """A strip with a colour swatch and the name of each class in `ids`.

    Args:
        classes: All names.
        palette: All RGB colours.
        ids: Classes to show, in order; any id that is no class is 'void'.
        width: Of the strip; more if a single name needs it.

    Returns:
        (h, w, 3) uint8 RGB on white, w >= width.
    """
    entries = [
        (classes[i], tuple(palette[i])) for i in ids if 0 <= i < len(classes)
    ]
    if len(entries) < len(ids):
        entries.append(('void', VOID))
    places, x, y = [], GAP, 0
    for name, _ in entries:
        length = ROW + int(font().getlength(name)) + 2 * GAP
        if x > GAP and x + length > width:
            x, y = GAP, y + ROW
        places.append((x, y))
        width = max(width, x + length)
        x += length
    strip = Image.new('RGB', (width, y + ROW + GAP // 2), 'white')
    draw = ImageDraw.Draw(strip)
    for (name, colour), (x, y) in zip(entries, places, strict=True):
        box = (x, y + 4, x + ROW - 8, y + ROW - 4)
        draw.rectangle(box, fill=tuple(map(int, colour)), outline='black')
        draw.text((x + ROW - 2, y + 2), name, 'black', font())
    return np.asarray(strip)


def titled(image: np.ndarray, title: str) -> np.ndarray:
    """`image` (H, W, 3) below a white row with `title`, cut at W pixels."""
    row = Image.new('RGB', (image.shape[1], ROW), 'white')
    ImageDraw.Draw(row).text((2, 2), title, 'black', font())
    return np.concatenate([np.asarray(row), image])


def side_by_side(panels: dict[str, np.ndarray]) -> np.ndarray:
    """Titles and images (H, w, 3) of equal height in a row, GAP apart."""
    columns = [titled(image, title) for title, image in panels.items()]
    gap = np.full((columns[0].shape[0], GAP, 3), 255, np.uint8)
    row = [part for column in columns for part in (gap, column)]
    return np.concatenate(row[1:], axis=1)


def stack(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """One (h, w, 3) image below another, the narrower filled up in white."""
    width = max(top.shape[1], bottom.shape[1])
    rows = [
        np.pad(
            image,
            [(0, 0), (0, width - image.shape[1]), (0, 0)],
            constant_values=255,
        )
        for image in (top, bottom)
    ]
    return np.concatenate(rows)


@cache
def font() -> ImageFont.FreeTypeFont:
    """The font of all pictures."""
    # MMEngine's visualiser needs Matplotlib, and that brings the font.
    import matplotlib

    path = Path(matplotlib.get_data_path(), 'fonts/ttf/DejaVuSans.ttf')
    return ImageFont.truetype(str(path), TEXT_SIZE)
