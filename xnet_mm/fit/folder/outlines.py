"""Outlines of objects as pixels: polygons and COCO's run lengths.

Coordinates begin at the corner of the top left pixel, whose centre is
(0.5, 0.5), as COCO and YOLO have it; a pixel belongs to what its centre lies
in. pycocotools, which need not be there, rounds outlines up to half a pixel
otherwise.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .images import Size


def fill_polygon(points: np.ndarray, size: Size) -> np.ndarray:
    """Pixels whose centres lie in a polygon, by the even-odd rule.

    Args:
        points: (N, 2) of (x, y), in pixels.
        size: (height, width) of the image.

    Returns:
        (height, width) bool.
    """
    height, width = size
    start = points.astype(np.float64)
    end = np.roll(start, -1, axis=0)
    low = np.minimum(start[:, 1], end[:, 1])
    high = np.maximum(start[:, 1], end[:, 1])
    top = int(np.clip(np.floor(low.min()), 0, height))
    bottom = int(np.clip(np.ceil(high.max()), 0, height))
    centres = np.arange(top, bottom) + 0.5
    # A row crosses an edge where its line of centres does.
    edges, rows = np.nonzero(
        (low[:, None] <= centres) & (centres < high[:, None])
    )
    (x, y), (end_x, end_y) = start[edges].T, end[edges].T
    crossing = x + (centres[rows] - y) * (end_x - x) / (end_y - y)
    columns = np.clip(np.ceil(crossing - 0.5), 0, width).astype(np.int64)
    toggles = np.zeros((bottom - top, width + 1), np.int64)
    np.add.at(toggles, (rows, columns), 1)
    mask = np.zeros(size, bool)
    mask[top:bottom] = np.cumsum(toggles, axis=1)[:, :width] % 2 == 1
    return mask


def decode_runs(runs: dict[str, Any], size: Size) -> np.ndarray:
    """Pixels of COCO's run lengths, as numbers or as text.

    Args:
        runs: `counts` and `size` (height, width); columns follow each other,
            zeros come first.
        size: (height, width) of the image.

    Returns:
        (height, width) bool.

    Raises:
        ValueError: of another size, or not as many pixels as it says.
    """
    if tuple(runs.get('size', ())) != size:
        raise ValueError(
            f'run lengths of size {runs.get("size")}, but the image is '
            f'{[*size]} (height, width)'
        )
    counts = runs.get('counts')
    if isinstance(counts, str):
        counts = _counts_of_text(counts)
    if (
        not isinstance(counts, list)
        or not all(isinstance(n, int) and n >= 0 for n in counts)
        or sum(counts) != size[0] * size[1]
    ):
        raise ValueError('run lengths that do not cover the image')
    values = np.arange(len(counts)) % 2 == 1
    return np.repeat(values, counts).reshape(size[::-1]).T


def _counts_of_text(text: str) -> list[int]:
    """Five bits a character from '0' on, the sixth: more follow.

    From the third on they are differences to the last but one.
    """
    counts: list[int] = []
    value = shift = 0
    for character in text:
        bits = ord(character) - 48
        if not 0 <= bits < 64:
            raise ValueError(f'run lengths with the character {character!r}')
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:  # negative
            value -= 1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = shift = 0
    return counts


def points_of(numbers: Sequence[Any], size: Size | None = None) -> np.ndarray:
    """(N, 2) of x, y, x, y, ...

    Args:
        numbers: at least three points.
        size: (height, width) that normalised ones are multiplied by.

    Raises:
        ValueError: no such list of numbers.
    """
    points = np.array(numbers, np.float64)
    if points.ndim != 1 or len(points) % 2 or len(points) < 6:
        raise ValueError('an outline that is no list of three points or more')
    if not np.isfinite(points).all():
        raise ValueError('an outline with NaN or infinite numbers')
    points = points.reshape(-1, 2)
    return points * size[::-1] if size else points


def stack(layers: Sequence[tuple[int, np.ndarray]], size: Size) -> np.ndarray:
    """A label map of objects: smaller ones lie on larger ones.

    Of equal ones the later lies on top.

    Args:
        layers: of each object its id and (H, W) bool pixels.
        size: (height, width).

    Returns:
        (H, W) uint8; 0 where there is none.
    """
    labels = np.zeros(size, np.uint8)
    for number, mask in sorted(layers, key=lambda one: -int(one[1].sum())):
        labels[mask] = number
    return labels
