"""The one colour map of depth, its range and its bar; numpy in, numpy out.

Depth is metres, (H, W), where 0 and NaN mean "not known" and are black.
Near is bright: matplotlib's viridis, reversed. It is perceptually uniform,
and neither of its ends is black, so far is never mistaken for unknown.
"""

from collections.abc import Sequence
from functools import cache
from typing import cast

import matplotlib
import numpy as np
from matplotlib.ticker import MaxNLocator
from PIL import Image, ImageDraw

from ..checks import check_number, check_positive
from .panels import GAP, ROW, font

DEPTH_MAP = 'viridis_r'
ERROR_MAP = 'RdBu_r'  # red: predicted too far, blue: too near
ERROR_LIMITS = (-25.0, 25.0)  # per cent of the truth
PERCENTILES = (2, 98)
INVALID = (0, 0, 0)
TICK_ROOM = 60  # pixels of a bar for each number below it


@cache
def colour_table(name: str) -> np.ndarray:
    """Matplotlib's colour map `name` as (256, 3) uint8 RGB."""
    return matplotlib.colormaps[name](np.arange(256), bytes=True)[:, :3]


def colour_depth(depth: np.ndarray, vmin: float, vmax: float) -> np.ndarray:
    """Paint depth: near bright, far dark, not known (0, NaN) black.

    Args:
        depth: (H, W), metres.
        vmin: Depth of the brightest colour; nearer has it too.
        vmax: Depth of the darkest colour; farther has it too.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        ValueError: an empty range.
    """
    return _paint(depth, is_known(depth), vmin, vmax, DEPTH_MAP)


def colour_error(error: np.ndarray) -> np.ndarray:
    """Paint (H, W) relative errors in per cent as (H, W, 3); NaN is black.

    Red is too far, blue too near, white right; from 25 % on the colour stays
    the same.
    """
    return _paint(error, np.isfinite(error), *ERROR_LIMITS, ERROR_MAP)


def is_known(depth: np.ndarray) -> np.ndarray:
    """Where (H, W) depth is known, finite and above 0: (H, W) bool."""
    return np.isfinite(depth) & (depth > 0)


def depth_range(
    wanted: str | Sequence[float],
    max_depth: float | None,
    depth: np.ndarray,
) -> tuple[float, float]:
    """The depths of the first and the last colour.

    Args:
        wanted: 'max_depth' for 0 to `max_depth` (the same in every picture
            of a data set), 'percentile' for the 2nd to the 98th percentile
            of `depth`, or the two numbers themselves.
        max_depth: Of the data set, metres; without it 'max_depth' means
            'percentile'.
        depth: (H, W), the truth where there is one.

    Raises:
        ValueError: neither of the words nor a growing pair.
    """
    if wanted in ('max_depth', 'percentile'):
        if wanted == 'max_depth' and max_depth:
            return 0.0, check_positive(max_depth, 'max_depth')
        known = depth[is_known(depth)]
        if not known.size:
            return 0.0, float(max_depth or 1)
        low, high = np.percentile(known, PERCENTILES).tolist()
        return (low, high) if high > low else (0.0, high)
    try:
        near, far = cast(Sequence, wanted)
        low = check_number(near, 'NEAR', least=0)
        return low, check_number(far, 'FAR', above=low)
    except (TypeError, ValueError) as error:
        raise ValueError(
            "the range of depth colours is 'max_depth', 'percentile' or two "
            f'growing numbers in metres, got {wanted!r} ({error}).'
        ) from None


def depth_bar(vmin: float, vmax: float, width: int) -> np.ndarray:
    """Colour bar (h, width, 3) of `colour_depth`, in metres: `colour_bar`."""
    return colour_bar(DEPTH_MAP, vmin, vmax, 'm', width)


def error_bar(width: int) -> np.ndarray:
    """Colour bar (h, width, 3) of `colour_error`, in %: `colour_bar`."""
    return colour_bar(ERROR_MAP, *ERROR_LIMITS, '%', width)


def colour_bar(
    name: str, vmin: float, vmax: float, unit: str, width: int
) -> np.ndarray:
    """A strip with all colours from `vmin` to `vmax` and numbers below it.

    Args:
        name: Of matplotlib's colour map.
        vmin: Value of the left end.
        vmax: Value of the right end.
        unit: Written after the last number.
        width: Of the strip, pixels.

    Returns:
        (h, width, 3) uint8 RGB on white.
    """
    left, right = GAP, max(width - GAP, GAP + 2)
    x = np.arange(left, right)
    values = np.broadcast_to(
        vmin + (x - left) / (right - 1 - left) * (vmax - vmin),
        (ROW // 2, len(x)),
    )
    strip = Image.new('RGB', (width, 2 * ROW), 'white')
    known = np.ones(values.shape, bool)
    bar = _paint(values, known, vmin, vmax, name)
    strip.paste(Image.fromarray(bar), (left, ROW // 4))
    draw = ImageDraw.Draw(strip)
    locator = MaxNLocator(max(1, width // TICK_ROOM), steps=[1, 2, 5, 10])
    ticks = np.asarray(locator.tick_values(vmin, vmax))
    slack = 1e-6 * (vmax - vmin)
    ticks = ticks[(ticks >= vmin - slack) & (ticks <= vmax + slack)]
    for tick in ticks:
        place = left + (tick - vmin) / (vmax - vmin) * (right - 1 - left)
        text = f'{tick:g}' + (f' {unit}' if tick == ticks[-1] else '')
        length = font().getlength(text)
        foot = ROW // 4 + ROW // 2
        draw.line([(place, foot), (place, foot + 4)], 'black')
        start = min(max(place - length / 2, 0), width - length)
        draw.text((start, foot + 5), text, 'black', font())
    return np.asarray(strip)


def _paint(
    values: np.ndarray,
    known: np.ndarray,
    vmin: float,
    vmax: float,
    name: str,
) -> np.ndarray:
    """Colours as matplotlib's Normalize(clip=True) would choose them."""
    if not vmin < vmax:
        raise ValueError(
            f'the range of a colour map must grow, got {vmin} to {vmax}.'
        )
    share = (np.where(known, values, vmin) - vmin) / (vmax - vmin)
    index = np.clip(share * 256, 0, 255).astype(np.uint8)
    colours = colour_table(name)[index]
    colours[~known] = INVALID
    return colours
