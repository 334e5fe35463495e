"""Outlines, compared with Matplotlib's polygons and pycocotools."""

import numpy as np
import pytest
from fit_folders import column_runs
from matplotlib.path import Path

from xnet_mm.fit.folder.outlines import (
    decode_runs,
    fill_polygon,
    points_of,
    stack,
)

SIZE = (23, 31)


def inside(points):
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]] + 0.5
    centres = np.stack([columns.ravel(), rows.ravel()], axis=1)
    return Path(points, closed=False).contains_points(centres).reshape(SIZE)


@pytest.mark.parametrize('seed', range(8))
def test_polygons(seed):
    generator = np.random.default_rng(seed)
    angles = np.sort(generator.uniform(0, 2 * np.pi, 3 + 3 * seed))
    radius = generator.uniform(2, 14, len(angles))[:, None]
    points = radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    points += generator.uniform(5, 20, 2)  # some reach over the border
    np.testing.assert_array_equal(fill_polygon(points, SIZE), inside(points))


def test_a_square_by_hand():
    points = np.array([(2, 1), (5, 1), (5, 4), (2, 4)])
    wanted = np.zeros(SIZE, bool)
    wanted[1:4, 2:5] = True
    np.testing.assert_array_equal(fill_polygon(points, SIZE), wanted)
    assert not fill_polygon(points + 50, SIZE).any()


def test_even_odd():
    """A square with a hole, joined by a line that is gone over twice."""
    points = np.array(
        [
            *((0, 0), (9, 0), (9, 9), (0, 9), (0, 0)),
            *((3, 3), (3, 6), (6, 6), (6, 3), (3, 3)),
        ]
    )
    mask = fill_polygon(points, SIZE)
    assert mask.sum() == 81 - 9 and not mask[3:6, 3:6].any()


def text_of(counts):
    """COCO's text of run lengths, by its definition."""
    text = ''
    for i, number in enumerate(counts):
        rest = number - (counts[i - 2] if i > 2 else 0)
        while True:
            bits = rest & 31
            rest >>= 5
            done = rest == (-1 if bits & 16 else 0)
            text += chr(48 + bits + (0 if done else 32))
            if done:
                break
    return text


@pytest.mark.parametrize('seed', range(4))
def test_runs(seed):
    mask = np.random.default_rng(seed).random(SIZE) < 0.2 * (seed + 1)
    mask[:, 3:9] = seed % 2
    counts = column_runs(mask)
    for form in (counts, text_of(counts)):
        found = decode_runs(dict(counts=form, size=[*SIZE]), SIZE)
        np.testing.assert_array_equal(found, mask)


def test_runs_of_pycocotools():
    coco = pytest.importorskip('pycocotools.mask')
    mask = np.random.default_rng(0).random((200, 300)) < 0.01
    mask[20:150, 50:220] = True
    runs = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    found = decode_runs(
        dict(counts=runs['counts'].decode(), size=runs['size']), (200, 300)
    )
    np.testing.assert_array_equal(found, mask)


@pytest.mark.parametrize(
    ('runs', 'text'),
    [
        (dict(counts=[713], size=[31, 23]), r'size \[31, 23\], but the image'),
        (dict(counts=[712], size=[*SIZE]), 'do not cover'),
        (dict(counts=[714, -1], size=[*SIZE]), 'do not cover'),
        (dict(counts=None, size=[*SIZE]), 'do not cover'),
        (dict(counts='a\x7f', size=[*SIZE]), 'the character'),
        ({}, 'size None'),
    ],
)
def test_wrong_runs(runs, text):
    with pytest.raises(ValueError, match=text):
        decode_runs(runs, SIZE)


def test_points():
    points = points_of([0, 0, 0.5, 0, 0.5, 1], (10, 40))
    assert points.tolist() == [[0, 0], [20, 0], [20, 10]]
    for wrong in ([1, 2, 3, 4], [1, 2, 3, 4, 5, 6, 7], [[1, 2], [3, 4]]):
        with pytest.raises(ValueError, match='no list of three points'):
            points_of(wrong)
    with pytest.raises(ValueError, match='NaN'):
        points_of([0, 0, 1, 1, 2, float('nan')])


def test_small_objects_lie_on_large_ones():
    large, small = np.zeros((2, *SIZE), bool)
    large[:9, :9] = small[2:4, 2:4] = True
    labels = stack([(2, small), (1, large)], SIZE)
    assert (labels == 2).sum() == 4 and (labels == 1).sum() == 77
    assert stack([(1, small), (2, small)], SIZE).max() == 2
