"""LiDAR points into a camera, worked out by hand and by a slow loop."""

import numpy as np
import pytest
from dgp_by_hand import loop
from tiny_dgp import AHEAD, STRAIGHT, pose

from xnet_mm.datasets.conversion import dgp
from xnet_mm.datasets.conversion.lidar_projection import (
    CONVENTIONS,
    move,
    project_dgp,
    project_nearest,
    relative_pose,
)


def test_hand_worked_camera():
    points = np.array(
        [
            [0.0, 0.0, 2.0],  # the axis: pixel (cx, cy)
            [-2.0, -1.0, 10.0],  # u = 3 - 2 * .2 = 2.6, v = 1 - 2 * .1 = .8
            [-4.0, -2.0, 20.0],  # the same ray, behind it
            [1.25, 0.0, 1.0],  # u = 5.5: just right of the last pixel
            [1.24, 0.0, 1.0],  # u = 5.48: in it
            [-1.75, 0.5, 1.0],  # u = -.5: the left edge of the first pixel
            [-1.76, 0.5, 1.0],  # outside
            [0.0, 0.0, -2.0],  # behind the camera
            [0.0, 0.0, 0.0],
            [np.nan, np.nan, np.nan],
        ]
    )
    depth = project_nearest(points, (2.0, 2.0, 3.0, 1.0), (3, 6))
    expected = [
        [0, 0, 0, 0, 0, 0],
        [0, 0, 0, 2, 0, 1],
        [1, 0, 0, 0, 0, 0],
    ]
    # Both of the ray fall on the axis' pixel, behind its own point.
    np.testing.assert_array_equal(depth, np.array(expected, np.float32))
    assert depth.dtype == np.float32

    without_axis = project_nearest(points[1:], (2.0, 2.0, 3.0, 1.0), (3, 6))
    assert without_axis[1, 3] == 10


def test_projection_equals_a_loop_over_points():
    random = np.random.default_rng(0)
    points = random.uniform([-9, -6, -3], [9, 6, 12], (4000, 3))
    fx, fy, cx, cy = 13.0, 11.0, 16.2, 9.7
    expected = np.zeros((20, 33), np.float32)
    for x, y, z in points:
        if z <= 0:
            continue
        u, v = round(fx * x / z + cx), round(fy * y / z + cy)
        if 0 <= u < 33 and 0 <= v < 20:
            old = expected[v, u]
            expected[v, u] = z if old == 0 else min(old, z)
    depth = project_nearest(points, (fx, fy, cx, cy), expected.shape)
    assert (depth > 0).sum() > 300
    np.testing.assert_allclose(depth, expected, rtol=1e-6)


CAMERA = (2.0, 2.0, 3.0, 1.0)  # of maps of 3 x 6


def at(u, v, z):
    """The point that CAMERA sees at column u and row v, z metres away."""
    return [(u - 3) / 2 * z, (v - 1) / 2 * z, z]


@pytest.mark.parametrize(
    ('points', 'expected'),
    [
        # Cut, not rounded.
        ([at(2.75, 1.75, 4.0)], {(1, 2): 4}),
        # Two points in one pixel: the last one, nearer or not.
        ([at(2.25, 1.0, 4.0), at(2.5, 1.5, 8.0)], {(1, 2): 8}),
        ([at(2.5, 1.5, 8.0), at(2.25, 1.0, 4.0)], {(1, 2): 4}),
        # Between them one of another pixel, and one that nobody sees.
        (
            [at(2, 1, 4.0), at(3, 1, 2.0), at(9, 1, 1.0), at(2, 1, 16.0)],
            {(1, 2): 16, (1, 3): 2},
        ),
        # Beyond the left and upper border by less than a pixel: cut to 0.
        ([at(-0.75, 1.0, 4.0)], {(1, 0): 4}),
        ([at(1.0, -0.75, 4.0)], {(0, 1): 4}),
        ([at(-0.75, -0.75, 4.0)], {(0, 0): 4}),
        ([at(0.25, 0.0, 2.0), at(-0.25, 0.0, 4.0)], {(0, 0): 4}),
        # By a pixel and more: outside.
        ([at(-1.0, 1.0, 4.0), at(1.0, -1.0, 4.0), at(-1.5, 1, 4.0)], {}),
        # The last pixel reaches up to the width and the height.
        ([at(5.75, 2.75, 4.0)], {(2, 5): 4}),
        ([at(6.0, 2.0, 4.0), at(5.0, 3.0, 4.0)], {}),
        # On the camera's plane, behind it, nowhere.
        ([[0, 0, 0.0], [0, 0, -4.0], [np.nan] * 3, [0, 0, np.nan]], {}),
        ([at(2, 1, 4.0), [0.5, 0, -1.0]], {(1, 2): 4}),
        # Farther aside than an integer holds.
        ([[1e300, 0, 1.0], [-1e300, 0, 1.0], [0, 0, 1e-9]], {(1, 3): 1e-9}),
        (np.zeros((0, 3)), {}),
    ],
)
def test_dgp_worked_by_hand(points, expected):
    depth = project_dgp(np.array(points, float), CAMERA, (3, 6))
    wanted = np.zeros((3, 6), np.float32)
    for pixel, z in expected.items():
        wanted[pixel] = z
    np.testing.assert_array_equal(depth, wanted)
    assert depth.dtype == np.float32


def test_dgp_equals_a_loop_over_points():
    random = np.random.default_rng(1)
    points = random.uniform([-9, -6, -3], [9, 6, 12], (8000, 3))
    camera, shape = (13.0, 11.0, 16.2, 9.7), (20, 33)
    expected = loop(points, camera, shape)
    # Most pixels hold several points, and the border some from outside.
    assert (expected > 0).mean() > 0.8
    np.testing.assert_array_equal(project_dgp(points, camera, shape), expected)
    assert (project_nearest(points, camera, shape) != expected).mean() > 0.5


@pytest.mark.parametrize('project', CONVENTIONS.values())
def test_no_point_at_all(project):
    depth = project(np.zeros((0, 3)), (1.0, 1.0, 0.0, 0.0), (2, 3))
    np.testing.assert_array_equal(depth, np.zeros((2, 3)))


def test_relative_pose_goes_through_the_world():
    lidar = dgp.pose_matrix(pose(STRAIGHT, 100.0))
    camera = dgp.pose_matrix(pose(AHEAD, 101.0, z=0.5))
    moved = move(
        np.array([[11.0, 2.0, 1.0]]), relative_pose(to=camera, start=lidar)
    )
    np.testing.assert_allclose(moved, [[-2.0, -0.5, 10.0]], atol=1e-12)
