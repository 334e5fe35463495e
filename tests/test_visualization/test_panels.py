"""Label pictures: exact colours at known pixels, void, legend, titles."""

import numpy as np
import pytest

from xnet_mm.visualization.panels import (
    GAP,
    ROW,
    colour_labels,
    colours_as_bytes,
    legend,
    side_by_side,
    stack,
    titled,
)

CLASSES = ('sky', 'road', 'a rather long name')
PALETTE = [[10, 20, 30], [40, 50, 60], [70, 80, 90]]


def has_colour(image, colour):
    return (image == np.array(colour)).all(-1).any()


def test_colours_and_void():
    labels = np.array([[0, 1, 2], [255, -1, 3]])
    black = [0, 0, 0]
    expected = np.array([PALETTE, [black, black, black]])
    assert np.array_equal(colour_labels(labels, PALETTE), expected)
    assert np.array_equal(
        colour_labels(labels.astype(np.uint8)[:1], PALETTE), expected[:1]
    )


@pytest.mark.parametrize(
    ('colour', 'message'),
    [
        ([300, 0, 0], 'colours from 0 to 300; wanted 0 to 255'),
        ([0, -1, 0], 'colours from -1 to 90; wanted 0 to 255'),
        ([0.5, 0.5, 0.5], r'type float64; wanted three whole numbers'),
    ],
)
def test_colours_that_are_none(colour, message):
    labels = np.zeros((2, 3), int)
    with pytest.raises(ValueError, match=message):
        colour_labels(labels, [*PALETTE, colour])
    with pytest.raises(ValueError, match=r'shape \(2, 4\)'):
        colours_as_bytes([[1, 2, 3, 4]] * 2)


def test_legend_names_what_is_there():
    strip = legend(CLASSES, PALETTE, [0, 255], 300)
    assert strip.shape == (ROW + GAP // 2, 300, 3)
    swatch = strip[ROW // 2, GAP + 4]
    assert swatch.tolist() == PALETTE[0]
    assert not has_colour(strip, PALETTE[1])
    assert has_colour(strip, [0, 0, 0])  # void, and the letters


def test_legend_wraps_and_never_cuts_a_name():
    one = legend(CLASSES, PALETTE, [0, 1, 2], 600)
    three = legend(CLASSES, PALETTE, [0, 1, 2], 1)
    assert one.shape[0] == ROW + GAP // 2
    assert three.shape[0] == 3 * ROW + GAP // 2
    assert 1 < three.shape[1] < 600
    for colour in PALETTE:
        assert has_colour(one, colour)
        assert has_colour(three, colour)


def test_panels_are_untouched_below_their_titles():
    rng = np.random.default_rng(0)
    a, b = rng.integers(256, size=(2, 5, 7, 3), dtype=np.uint8)
    picture = side_by_side(dict(a=a, b=b))
    assert picture.shape == (ROW + 5, 7 + GAP + 7, 3)
    assert np.array_equal(picture[ROW:, :7], a)
    assert (picture[:, 7 : 7 + GAP] == 255).all()
    assert np.array_equal(picture[ROW:, 7 + GAP :], b)
    wide = np.zeros((2, 40, 3), np.uint8)
    both = stack(picture, wide)
    assert np.array_equal(both[-2:], wide)
    assert (both[: ROW + 5, 7 + GAP + 7 :] == 255).all()


def test_a_title_never_widens_its_image():
    image = np.full((5, 12, 3), 7, np.uint8)
    picture = titled(image, 'much longer than the image is wide')
    assert picture.shape == (ROW + 5, 12, 3)
    assert (picture[:ROW] < 255).any() and (picture[ROW:] == 7).all()
    assert (titled(image, '')[:ROW] == 255).all()
