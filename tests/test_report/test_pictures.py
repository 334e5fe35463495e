"""Small pictures of samples, pixel by pixel, and the grid."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from xnet_mm.report.pictures import (
    CELL,
    WRONG,
    draw_depth_error,
    draw_depth_map,
    draw_grid,
    draw_labels,
    draw_mistakes,
    jpeg,
    shrink_image,
    small_size,
)
from xnet_mm.visualization.depth_colours import colour_depth
from xnet_mm.visualization.panels import GAP, ROW

PALETTE = [[200, 0, 0], [0, 100, 0]]


@pytest.mark.parametrize(
    ('shape', 'size'),
    [
        ((300, 200), (200, 300)),
        ((400, 800, 3), (400, 200)),
        ((8000, 1000), (100, 800)),  # a strip
        ((1, 4000), (400, 1)),
    ],
)
def test_sizes(shape, size):
    assert small_size(shape) == size


def test_a_large_image_and_its_labels_have_one_size():
    image = np.zeros((600, 1000, 3), np.uint8)
    labels = np.zeros((600, 1000), np.uint8)
    labels[:, 500:] = 1
    assert shrink_image(image).shape == (240, 400, 3)
    picture = draw_labels(labels, PALETTE)
    assert picture.shape == (240, 400, 3)
    # No colour between the two.
    assert {*map(tuple, picture.reshape(-1, 3))} == {(200, 0, 0), (0, 100, 0)}


def test_mistakes_are_red_and_void_is_black():
    image = np.full((2, 3, 3), 100, np.uint8)
    pred = np.array([[0, 1, 1], [0, 0, 1]])
    gt = np.array([[0, 0, 255], [0, 0, 1]])
    picture = draw_mistakes(image, pred, gt, 255)
    assert picture[0, 2].tolist() == [0, 0, 0]
    red, green, blue = picture[0, 1].tolist()
    expected = [0.875 * c + 0.125 * 100 for c in WRONG]
    assert [red, green, blue] == pytest.approx(expected, abs=1)
    assert picture[1, 1].tolist() == [216] * 3  # 3/4 white, 1/4 grey


def test_depth_as_everywhere_and_unknown_black():
    depth = np.array([[0.0, 1.0], [2.0, 3.0]], np.float32)
    picture = draw_depth_map(depth, (1.0, 3.0))
    assert picture[1].tolist() == colour_depth(depth, 1, 3)[1].tolist()
    error = draw_depth_error(depth, np.array([[1, 1.25], [1, 3]], np.float32))
    red, _, blue = error[0, 1].tolist()
    assert red > blue  # too far
    red, _, blue = error[1, 0].tolist()
    assert blue > red


def test_jpeg_keeps_colours():
    picture = np.zeros((16, 32, 3), np.uint8)
    picture[:, :16] = 200, 0, 0
    found = np.asarray(Image.open(BytesIO(jpeg(picture)))).astype(int)
    assert np.abs(found - picture).max() < 40


def test_a_grid_has_a_column_an_image_and_a_row_a_panel():
    red = np.full((50, 100, 3), (255, 0, 0), np.uint8)
    tall = np.full((100, 50, 3), (0, 0, 255), np.uint8)
    legend = np.zeros((10, 30, 3), np.uint8)
    columns = [dict(image=red, truth=red), dict(image=tall, truth=tall)]
    picture = draw_grid('title', columns, legend)
    assert picture.shape[1] == 2 * CELL + GAP + 4 * GAP
    height = 2 * CELL  # of the tall one
    rows = 2 * (ROW + height) + GAP
    assert picture.shape[0] == ROW + rows + GAP + 10 + 2 * GAP
    top, left = GAP + 2 * ROW, 2 * GAP
    assert picture[top, left].tolist() == [255, 0, 0]
    assert picture[top + CELL // 2 + 1, left].tolist() == [255] * 3
    place = picture[top + height - 1, left + CELL + GAP]
    assert place.tolist() == [0, 0, 255]
    assert draw_grid('title', columns, None).shape[0] == (
        picture.shape[0] - GAP - 10
    )
