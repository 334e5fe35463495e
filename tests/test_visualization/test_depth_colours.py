"""The depth colour map: against matplotlib, its ends, its range, its bar."""

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import Normalize

from xnet_mm.visualization.depth_colours import (
    colour_depth,
    colour_error,
    colour_table,
    depth_bar,
    depth_range,
    error_bar,
)
from xnet_mm.visualization.panels import GAP, ROW

VIRIDIS_NEAR, VIRIDIS_FAR = [253, 231, 36], [68, 1, 84]


def by_matplotlib(values, name, vmin, vmax):
    colours = matplotlib.colormaps[name](
        Normalize(vmin, vmax, clip=True)(values), bytes=True
    )
    return colours[..., :3]


def test_colours_are_matplotlibs():
    depth = np.linspace(0.01, 12, 6000).reshape(60, 100)
    expected = by_matplotlib(depth, 'viridis_r', 0.5, 10)
    assert np.array_equal(colour_depth(depth, 0.5, 10), expected)
    single = depth.astype(np.float32)
    difference = colour_depth(single, 0.5, 10).astype(int) - expected
    assert np.abs(difference).max() <= 3  # of rounding: one entry of 256
    error = np.linspace(-40, 40, 6000).reshape(60, 100)
    expected = by_matplotlib(error, 'RdBu_r', -25, 25)
    assert np.array_equal(colour_error(error), expected)


def test_ends_saturate_and_unknown_is_black():
    depth = np.array([[0.5, 1, 4, 400], [0, np.nan, -1, np.inf]])
    known, unknown = colour_depth(depth, 1, 4)
    assert known.tolist() == [VIRIDIS_NEAR] * 2 + [VIRIDIS_FAR] * 2
    assert (unknown == 0).all()
    assert (colour_error(np.array([[np.nan]])) == 0).all()


def test_brightness_falls_with_depth():
    # Rec. 709 luma of sRGB; every fourth, for 8 bits round.
    luma = colour_table('viridis_r') @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luma[::4]) < 0).all()
    assert luma.min() > 20


@pytest.mark.parametrize(
    ('wanted', 'max_depth', 'expected'),
    [
        ('max_depth', 80, (0, 80)),
        ((1, 5), 80, (1, 5)),
        ('percentile', 80, (2, 98)),
        ('max_depth', None, (2, 98)),
    ],
)
def test_range(wanted, max_depth, expected):
    depth = np.arange(100.0)  # 1 to 99 are known
    depth = np.append(depth, [np.nan, 100])
    expected = tuple(map(float, expected))
    found = depth_range(wanted, max_depth, depth)
    if expected == (2, 98):
        expected = (1 + 0.02 * 99, 1 + 0.98 * 99)
    assert found == pytest.approx(expected)


def test_range_of_little():
    nothing = np.zeros((2, 2))
    assert depth_range('percentile', 80, nothing) == (0, 80)
    assert depth_range('percentile', None, nothing) == (0, 1)
    assert depth_range('percentile', None, nothing + 3) == (0, 3)


@pytest.mark.parametrize(
    'wanted',
    [
        *('turbo', (1, 2, 3), (4, 4), (5, 1), 7, (True, 2), ('1', '2')),
        *((np.nan, 1), (1, np.nan), (0, np.inf), (-1, 5)),
    ],
)
def test_bad_range(wanted):
    with pytest.raises(ValueError, match='two growing numbers in metres, got'):
        depth_range(wanted, 10, np.ones(4))


@pytest.mark.parametrize('max_depth', [np.nan, np.inf, -1])
def test_no_range_of_the_data(max_depth):
    with pytest.raises(ValueError, match=r'max_depth is .*, wanted a fin'):
        depth_range('max_depth', max_depth, np.ones(4))


def test_empty_range():
    with pytest.raises(ValueError, match=r'must grow, got 3 to 3\.'):
        colour_depth(np.ones((2, 2)), 3, 3)


def test_bar_has_all_colours_and_black_numbers():
    bar = depth_bar(0, 10, 256 + 2 * GAP)
    assert bar.shape == (2 * ROW, 256 + 2 * GAP, 3)
    colours = bar[ROW // 4 : ROW // 4 + ROW // 2, GAP : GAP + 256]
    assert (colours == colour_table('viridis_r')).all()
    assert (bar[: ROW // 4] == 255).all()
    ticks = bar[ROW // 4 + ROW // 2 + 1]
    found = np.flatnonzero((ticks == 0).all(-1)) - GAP
    # 0, 5 and 10 m: 272 pixels have room for 4 numbers.
    assert np.allclose(found, [0, 127.5, 255], atol=1)


def test_bars_of_any_width():
    for width in (1, 10, 64, 2000):
        assert depth_bar(0.37, 9.1, width).shape == (2 * ROW, width, 3)
        assert error_bar(width).shape == (2 * ROW, width, 3)
