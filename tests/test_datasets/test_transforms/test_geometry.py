"""Flip and rotation, to the pixel."""

import numpy as np
import pytest
from depth_sample import (
    INTRINSICS,
    depth_before,
    make_sample,
    rays_before,
    rays_now,
)
from scipy import ndimage

from xnet_mm.datasets.transforms import DepthRandomFlip, DepthRandomRotate
from xnet_mm.datasets.transforms.geometry import rotate

SQUARE = (40.0, 40.0, 20.5, 11.25)  # fx = fy


def test_flip():
    sample = make_sample(5, 8)
    results = DepthRandomFlip(prob=1)(dict(sample))
    for key in ('img', 'gt_depth_map'):
        np.testing.assert_array_equal(results[key], sample[key][:, ::-1])
        assert results[key].flags.c_contiguous  # torch wants it
    assert results['flip'] is True
    assert results['flip_direction'] == 'horizontal'
    # 7 is the last column: what was at 20.5 is at -13.5.
    assert results['intrinsics'] == (41.0, 37.0, -13.5, 11.25)
    mirrored = rays_before(results) * (-1, 1)
    np.testing.assert_allclose(rays_now(results), mirrored, atol=1e-6)


def test_flip_twice_is_nothing():
    sample = make_sample(5, 8)
    flip = DepthRandomFlip(prob=1)
    results = flip(flip(dict(sample)))
    for key in ('img', 'gt_depth_map', 'intrinsics'):
        np.testing.assert_array_equal(results[key], sample[key])


def test_no_flip():
    sample = make_sample(5, 8)
    results = DepthRandomFlip(prob=0)(dict(sample))
    assert results['img'] is sample['img']
    assert results['gt_depth_map'] is sample['gt_depth_map']
    assert results['intrinsics'] == INTRINSICS
    assert results['flip'] is False
    assert results['flip_direction'] is None


def test_chance_of_a_flip():
    np.random.seed(0)
    flip = DepthRandomFlip(prob=0.25)
    flips = [flip(make_sample(2, 2))['flip'] for _ in range(400)]
    assert 0.2 < np.mean(flips) < 0.3


@pytest.mark.parametrize('angle', [-2.5, 1.0, 2.37, 33.0])
def test_rotation_is_scipys(angle):
    sample = make_sample(31, 40)
    results = dict(sample)
    rotate(results, angle)
    image = ndimage.rotate(
        sample['img'], -angle, reshape=False, order=1, mode='grid-constant'
    )
    # OpenCV 4 knows 32 places between two pixels, which lie 1 apart here
    # and up to 40 at the border, where black begins.
    inside = image[..., 2] > 0.999
    assert inside.mean() > 0.4
    difference = np.abs(results['img'] - image)
    assert difference[inside].max() < 0.05
    assert difference.max() < 40 / 16

    depth = ndimage.rotate(
        sample['gt_depth_map'],
        -angle,
        reshape=False,
        order=0,
        mode='grid-constant',
    )
    clear = off_the_ties(depth.shape, angle)
    assert clear.mean() > 0.95
    np.testing.assert_array_equal(results['gt_depth_map'][clear], depth[clear])


def off_the_ties(shape, angle):
    """Where the source is not half way between two pixels."""
    turn = np.deg2rad(angle)
    rows, columns = np.indices(shape)
    y, x = rows - (shape[0] - 1) / 2, columns - (shape[1] - 1) / 2
    source_x = np.cos(turn) * x + np.sin(turn) * y + (shape[1] - 1) / 2
    source_y = np.cos(turn) * y - np.sin(turn) * x + (shape[0] - 1) / 2
    clear = np.ones(shape, bool)
    for source in (source_x, source_y):
        clear &= np.abs(source % 1 - 0.5) > 0.005
    return clear


def test_quarter_turn_by_hand():
    image = np.zeros((3, 3, 3), np.float32)
    depth = np.float32([[1, 2, 0], [0, 5, 6], [7, 0, 9]])
    results = dict(img=image, gt_depth_map=depth, intrinsics=(9, 9, 2, 0))
    rotate(results, 90)
    np.testing.assert_array_equal(
        results['gt_depth_map'], [[7, 0, 1], [0, 5, 2], [9, 6, 0]]
    )
    # The top right corner went to the bottom right.
    np.testing.assert_allclose(results['intrinsics'], (9, 9, 2, 2))


def test_corners_are_black_and_without_truth():
    sample = make_sample(60, 80)
    sample['img'][:] = 200
    sample['gt_depth_map'][:] = 7
    results = dict(sample)
    rotate(results, 2.5)
    for corner in ((0, 0), (0, -1), (-1, 0), (-1, -1)):
        outside = results['gt_depth_map'][corner] == 0
        assert outside == (results['img'][corner].max() < 100)
    assert set(np.unique(results['gt_depth_map'])) == {0, 7}


@pytest.mark.parametrize('angle', [-2.5, 20.0])
def test_rotation_is_a_roll_of_the_camera(angle):
    sample = make_sample(31, 40)
    results = dict(sample, intrinsics=SQUARE)
    rotate(results, angle)
    inside = results['img'][..., 2] == 1
    columns, rows = results['img'][..., 0], results['img'][..., 1]
    before = np.stack([(columns - 20.5) / 40, (rows - 11.25) / 40], -1)
    turn = np.deg2rad(angle)
    roll = np.array(
        [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    )
    np.testing.assert_allclose(
        rays_now(results)[inside], (before @ roll.T)[inside], atol=2e-3
    )


def test_depth_follows_the_image():
    sample = make_sample(31, 40)
    results = dict(sample)
    rotate(results, 2.1)
    inside = results['img'][..., 2] == 1
    # Half a pixel of rounding, so that rint finds the same source pixel.
    fraction = np.abs(results['img'][..., :2] % 1 - 0.5)
    inside &= (fraction > 0.05).all(-1)
    nearest = dict(results, img=np.rint(results['img']))
    np.testing.assert_array_equal(
        results['gt_depth_map'][inside],
        depth_before(nearest, sample)[inside],
    )


def test_angles_and_chance():
    np.random.seed(0)
    turn = DepthRandomRotate(prob=0.5, degree=2.5)
    angles = []
    for _ in range(400):
        # A point 1000 right of the centre of a 1 x 1 image shows the angle.
        sample = make_sample(1, 1, intrinsics=(1.0, 1.0, 1000.0, 0.0))
        x, y = turn(sample)['intrinsics'][2:]
        angles.append(np.rad2deg(np.arctan2(y, x)))
    angles = np.array(angles)
    assert 0.45 < (angles != 0).mean() < 0.55
    turned = angles[angles != 0]
    assert turned.min() < -2.3
    assert turned.max() > 2.3
    assert np.abs(turned).max() <= 2.5


def test_no_rotation_returns_the_same_arrays():
    sample = make_sample(5, 8)
    results = DepthRandomRotate(prob=0)(dict(sample))
    assert results['img'] is sample['img']
    assert results['gt_depth_map'] is sample['gt_depth_map']
    assert results['intrinsics'] == INTRINSICS
