"""What is shown is what was predicted; points by hand."""

import json

import numpy as np
import pytest
from shared_models import load_pair, picture

from xnet_mm.app import view as module
from xnet_mm.app.view import View, make_view, shown, shown_size

ANGLE = (90.0, True)


@pytest.fixture(scope='module')
def result(tmp_path_factory):
    model = load_pair(tmp_path_factory.mktemp('both'), 'both')
    return model(picture(48, 80))


def test_a_small_image_is_shown_as_it_is(result):
    view = make_view(result, (96, 160), 8.0, ANGLE)
    np.testing.assert_array_equal(view.image, picture(48, 80))
    np.testing.assert_array_equal(view.labels, result.labels)
    np.testing.assert_array_equal(view.depth, result.depth)
    np.testing.assert_allclose(
        view.confidence / 255, result.confidence, atol=0.5 / 255 + 1e-6
    )
    ids, counts = np.unique(result.labels, return_counts=True)
    assert view.shares == {
        int(i): pytest.approx(n / 48 / 80)
        for i, n in zip(ids, counts, strict=True)
    }
    told = json.loads(json.dumps(view.describe()))
    assert told['size'] == [96, 160] and told['predicted'] == [48, 80]
    assert told['depth']['nearest'] == pytest.approx(result.depth.min())
    assert told['depth']['ranges'][1] == [0, 8]
    assert told['depth']['place'] == [0, 0, 1, 1]
    shares = [share for _, share in told['shares']]
    assert shares == sorted(shares, reverse=True)


def test_a_large_one_is_made_smaller(result, monkeypatch):
    monkeypatch.setattr(module, 'LONGEST', 40)
    view = make_view(result, (48, 80), 8.0, ANGLE)
    assert view.image.shape == (24, 40, 3)
    np.testing.assert_array_equal(view.labels, result.labels[1::2, 1::2])
    np.testing.assert_array_equal(view.depth, result.depth[1::2, 1::2])
    blocks = picture(48, 80).reshape(24, 2, 40, 2, 3).mean((1, 3))
    np.testing.assert_allclose(view.image, blocks, atol=0.51)


def test_sizes(monkeypatch):
    monkeypatch.setattr(module, 'LONGEST', 100)
    assert shown_size(50, 100) == (50, 100)
    assert shown_size(30, 200) == (15, 100)
    assert shown_size(1, 100_000) == (1, 100)
    values = np.arange(200)[None].repeat(2, 0)
    np.testing.assert_array_equal(shown(values)[0], np.arange(100) * 2 + 1)


def test_no_depth_no_labels(tmp_path):
    both = make_view(
        load_pair(tmp_path / 'd', 'depth')(picture()), (48, 80), 8.0, ANGLE
    )
    assert both.labels is None and both.confidence is None
    assert both.shares == {} and not both.describe()['has_labels']
    segmented = make_view(
        *(load_pair(tmp_path / 's', 'segmentation')(picture()), (48, 80)),
        *(None, ANGLE),
    )
    assert segmented.depth is None and segmented.describe()['depth'] is None
    with pytest.raises(ValueError, match='predicts no depth'):
        segmented.points(60)


def scene(depth, predicted, box, image=None):
    """A view of depth alone, at the size that was predicted."""
    if image is None:
        image = np.zeros((*predicted, 3), np.uint8)
    return View(
        *(predicted, predicted, image, None, None, {}, depth, box, 10.0),
        *ANGLE,
    )


def parts(content):
    count = (len(content) - 4) // 15
    spacing, *numbers = np.frombuffer(content, '<f4', 1 + 3 * count)
    colours = np.frombuffer(content, np.uint8, 3 * count, 4 + 12 * count)
    return spacing, np.reshape(numbers, (-1, 3)), colours.reshape(-1, 3)


def test_points_of_a_wall():
    """90 degrees over 8 pixels are 4 pixels of focal length."""
    image = picture(6, 8)
    wall = np.full((6, 8), 2, np.float32)
    view = scene(wall, (6, 8), (0, 0, 6, 8), image)
    spacing, points, colours = parts(view.points(90))
    assert spacing == 0.25
    wanted = [
        [(u - 3.5) / 4 * 2, (v - 2.5) / 4 * 2, 2]
        for v in range(6)
        for u in range(8)
    ]
    np.testing.assert_allclose(points, wanted, atol=1e-6)
    np.testing.assert_array_equal(colours, image.reshape(-1, 3))


def test_points_of_a_crop():
    """The axis stays in the middle of the whole image."""
    image = picture(6, 8)
    view = scene(np.ones((2, 4), np.float32), (6, 8), (4, 1, 2, 4), image)
    _, points, colours = parts(view.points(90))
    np.testing.assert_allclose(points[0], [-2.5 / 4, 1.5 / 4, 1], atol=1e-6)
    np.testing.assert_array_equal(colours, image[4:, 1:5].reshape(-1, 3))
    assert view.describe()['depth']['place'] == [4 / 6, 1 / 8, 2 / 6, 4 / 8]


def test_points_of_what_was_made_smaller():
    """Half of the pixels: pixel 0 is where 0 and 1 were, at 0.5."""
    image = picture(3, 4)
    view = scene(np.ones((3, 4), np.float32), (6, 8), (0, 0, 6, 8), image)
    spacing, points, _ = parts(view.points(90))
    assert spacing == 0.5
    np.testing.assert_allclose(points[0], [-3 / 4, -2 / 4, 1], atol=1e-6)


def test_points_are_thinned_out(monkeypatch):
    monkeypatch.setattr(module, 'MOST_POINTS', 12)
    view = scene(np.ones((6, 8), np.float32), (6, 8), (0, 0, 6, 8))
    spacing, points, _ = parts(view.points(90))
    assert spacing == 0.5 and len(points) == 12
    np.testing.assert_allclose(points[0], [-3.5 / 4, -2.5 / 4, 1])
    np.testing.assert_allclose(points[1], [-1.5 / 4, -2.5 / 4, 1])


def test_a_file_has_each_point_but_those_of_ramps():
    depth = np.full((60, 80), 2, np.float32)
    depth[:, 40:] = 6
    view = scene(depth, (60, 80), (0, 0, 60, 80))
    header = view.ply(60).split(b'end_header')[0].decode()
    count = int(header.split('element vertex ')[1].split()[0])
    assert count == 60 * 78
