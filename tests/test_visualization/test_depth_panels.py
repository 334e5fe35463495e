"""Depth panels: sizes, points that stay visible, relative errors."""

import numpy as np
import pytest

from xnet_mm.visualization.depth_colours import colour_depth
from xnet_mm.visualization.depth_panels import (
    draw_depth,
    relative_error,
    spread_points,
)
from xnet_mm.visualization.panels import GAP, ROW

BAR = 2 * ROW


def test_large_images_shrink_and_points_stay_visible():
    image = np.full((1000, 1600, 3), 90, np.uint8)
    truth = np.zeros((1000, 1600), np.float32)
    truth[::20, ::20] = 4
    picture = draw_depth(image, (0, 8), truth, truth)
    assert picture.shape == (2 * (ROW + 500 + BAR), 2 * 800 + GAP, 3)
    panel = picture[ROW : ROW + 500, 800 + GAP :][:, :800]
    painted = (panel == colour_depth(np.array([[4.0]]), 0, 8)).all(-1)
    assert (painted | (panel == 0).all(-1)).all()
    # Each point is 3x3 pixels of the picture, of 10x10; some lie at the edge.
    assert painted.mean() == pytest.approx(0.09, rel=0.03)


def test_maps_without_an_image():
    truth = np.full((40, 60), 2.0)
    picture = draw_depth(None, (0, 8), truth, 1.5 * truth)
    image = np.zeros((40, 60, 3), np.uint8)
    whole = draw_depth(image, (0, 8), truth, 1.5 * truth)
    np.testing.assert_array_equal(picture, whole[:, 60 + GAP :])
    with pytest.raises(ValueError, match='no image and no depth: there is'):
        draw_depth(None, (0, 8))


def test_spread_points_takes_the_nearest():
    rng = np.random.default_rng(1)
    values = np.where(
        rng.random((30, 40)) < 0.05, rng.random((30, 40)), np.nan
    )
    found = spread_points(values, 1.5)
    known = np.argwhere(np.isfinite(values))
    for place in np.ndindex(values.shape):
        distance = np.hypot(*(known - place).T)
        nearest = known[distance == distance.min()]
        if distance.min() <= 1.5:
            assert found[place] in values[tuple(nearest.T)]
        else:
            assert np.isnan(found[place])
    whole = rng.random((3, 4))
    assert spread_points(whole, 2) is whole
    empty = np.full((3, 4), np.nan)
    assert np.isnan(spread_points(empty, 2)).all()


def test_relative_error():
    truth = np.array([[2.0, 0, 4, 5, np.nan]])
    prediction = np.array([[3.0, 3, 3, 0, 1]])
    expected = [[50, np.nan, -25, np.nan, np.nan]]
    assert np.array_equal(
        relative_error(truth, prediction), expected, equal_nan=True
    )


def test_a_prediction_of_another_size_is_resized():
    truth = np.full((4, 6), 2.0)
    error = relative_error(truth, np.full((2, 3), 3.0))
    np.testing.assert_allclose(error, np.full((4, 6), 50.0))


def test_panels_of_what_there_is():
    image = np.zeros((20, 30, 3), np.uint8)
    depth = np.full((20, 30), 3.0)
    for maps, panels in (
        ({}, 1),
        ({'truth': depth}, 2),
        ({'prediction': depth}, 2),
    ):
        picture = draw_depth(image, (0, 8), **maps)
        width = panels * 30 + (panels - 1) * GAP
        assert picture.shape == (ROW + 20 + BAR, width, 3)
        assert (picture[ROW : ROW + 20, :30] == 0).all()
