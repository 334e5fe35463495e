"""Rays against distances that are worked out by hand or by marching."""

import numpy as np
import pytest
from scene_distance import distance_to_solid

from xnet_mm.datasets.scenes.layout import Solid
from xnet_mm.datasets.scenes.raycast import (
    BLOCK,
    ROOM,
    cast,
    leave_room,
    ray_directions,
    turn,
)
from xnet_mm.datasets.scenes.textures import Texture

WHITE = Texture('plain', np.ones((2, 3)), 1.0, 0.0, np.zeros(2), 0.0, 0.0)
# Looks along the room's y; right is x, down is -z.
AHEAD = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])


def make_solid(shape, centre, half, yaw=0.0):
    return Solid(
        shape, np.array(centre, float), np.array(half, float), yaw, 0, WHITE
    )


def look(solids, u, v, reach=100.0):
    """Depth and hit of rays from the origin."""
    u, v = np.float32(u), np.float32(v)
    depth = np.full(u.shape, reach, np.float32)
    hit = cast(solids, np.zeros(3), AHEAD, u, v, depth)
    return depth, hit


def test_turn_by_hand():
    np.testing.assert_allclose(turn(0.0), np.eye(3))
    # A solid turned a quarter to the left: the room's y is its x.
    np.testing.assert_allclose(
        turn(np.pi / 2) @ [0, 1, 5], [1, 0, 5], atol=1e-7
    )


def test_directions_are_one_metre_of_depth_long():
    rays = ray_directions(AHEAD, np.float32([0.5, 0]), np.float32([0.25, 0]))
    assert rays.dtype == np.float32
    np.testing.assert_allclose(rays, [[0.5, 0], [1, 1], [-0.25, 0]], atol=1e-8)
    assert (rays != 0).all()  # what divides by them gets no zero


def test_depth_is_along_the_axis_not_along_the_ray():
    box = make_solid('box', [0, 4, 0], [3, 1, 3])
    depth, hit = look([box], [0, 0.5, 0.9, 1.1], [0, 0.5, -0.9, 0])
    np.testing.assert_allclose(depth, [3, 3, 3, 100])  # its front is a plane
    assert hit.tolist() == [0, 0, 0, ROOM]
    ball = make_solid('ball', [0, 4, 0], [1, 1, 1])
    depth, hit = look([ball], [0, 0.25], [0, 0])
    # |(t/4, t - 4)| = 1: 17/16 t^2 - 8 t + 15 = 0, the nearer root.
    nearer = (8 - np.sqrt(64 - 4 * 17 / 16 * 15)) / (2 * 17 / 16)
    np.testing.assert_allclose(depth, [3, nearer], rtol=1e-6)
    cylinder = make_solid('cylinder', [0, 4, 0], [1, 1, 0.5])
    depth, hit = look([cylinder], [0, 0, 0], [0, 0.16, 0.17])
    np.testing.assert_allclose(depth, [3, 3, 100])
    assert hit.tolist() == [0, 0, ROOM]
    # From above the rim: the lid, 0.5 m below the ray's start.
    low = make_solid('cylinder', [0, 4, -1], [1, 1, 0.5])
    np.testing.assert_allclose(look([low], [0], [0.15])[0], [0.5 / 0.15])


def test_turned_box():
    # An edge of the square points at the camera, sqrt(2) before the centre.
    box = make_solid('box', [0, 4, 0], [1, 1, 1], np.pi / 4)
    depth, _ = look([box], [0.0], [0.0])
    np.testing.assert_allclose(depth, [4 - np.sqrt(2)], rtol=1e-5)


def test_the_nearest_solid_is_seen_and_the_reach_ends():
    solids = [
        make_solid('ball', [0, 9, 0], [2, 2, 2]),
        make_solid('box', [0, 5, 0], [0.5, 0.5, 0.5]),
        make_solid('ball', [0, -3, 0], [1, 1, 1]),  # behind the camera
    ]
    depth, hit = look(solids, [0, 0.15], [0, 0])
    assert hit.tolist() == [1, 0]
    assert depth[0] == 4.5 and 7 < depth[1] < 9
    depth, hit = look(solids, [0.0], [0.0], reach=4.0)
    assert (hit.tolist(), depth.tolist()) == ([ROOM], [4.0])
    depth, hit = look([], [0.0, 1.0], [0.0, 1.0])
    assert hit.tolist() == [ROOM] * 2


@pytest.mark.parametrize('count', [1, BLOCK - 1, BLOCK, 5 * BLOCK + 3])
def test_rays_in_any_order_end_on_the_surface(count):
    """Blocks of rays are passed over; none that meets a solid may be."""
    rng = np.random.default_rng(count)
    solids = [
        make_solid(
            shape,
            rng.uniform([-2, 2, -2], [2, 8, 2]),
            np.repeat(rng.uniform(0.2, 0.8), 3),
            rng.uniform(0, np.pi),
        )
        for shape in ('box', 'ball', 'cylinder') * 3
    ]
    u, v = rng.uniform(-1, 1, (2, count)).astype(np.float32)
    depth, hit = look(solids, u, v)
    rays = ray_directions(AHEAD, u, v).astype(float)
    for i in range(count):
        gaps = [distance_to_solid(s, rays[:, i] * depth[i]) for s in solids]
        if hit[i] != ROOM:
            assert abs(gaps[hit[i]]) < 1e-4
        # Nothing stands in the way: along the ray all are outside.
        for part in np.linspace(0, min(depth[i], 12.0), 200, endpoint=False):
            point = rays[:, i] * part
            assert min(distance_to_solid(s, point) for s in solids) > -1e-4


def test_leaving_a_room():
    room, origin = np.array([4.0, 6.0, 3.0]), np.array([1.0, 2.0, 1.0])
    rays = np.float32([[1, -1, 0.1, 0.1], [0.1, 0.1, 1, 0.1], [0.1] * 3 + [1]])
    depth, axis = leave_room(room, origin, rays)
    np.testing.assert_allclose(depth, [3, 1, 4, 2])
    assert axis.tolist() == [0, 0, 1, 2]
