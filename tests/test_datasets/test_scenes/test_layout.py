"""Furnished rooms: everything in its place, no two things in one."""

import itertools

import numpy as np
import pytest
from scene_distance import distance_to_solid

from xnet_mm.datasets.scenes.layout import CLASSES, random_scene


@pytest.fixture(scope='module')
def scenes():
    return [random_scene(np.random.default_rng([0, i])) for i in range(20)]


def test_camera_axes_are_a_rotation_that_looks_ahead(scenes):
    for axes in (scene.axes for scene in scenes):
        np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(axes) == pytest.approx(1)
        assert axes[1, 2] < -0.8  # the image's down is the room's down


def corners(solid):
    """Of the box around a solid, (8, 3) in the room's axes."""
    signs = np.array(list(itertools.product((-1, 1), repeat=3)))
    x, y, z = (signs * solid.half).T
    cos, sin = np.cos(solid.yaw), np.sin(solid.yaw)
    turned = np.stack([cos * x - sin * y, sin * x + cos * y, z], axis=1)
    return solid.centre + turned


def test_all_stands_inside_of_the_room(scenes):
    for scene in scenes:
        for solid in scene.solids:
            points = corners(solid)
            assert (points > -1e-9).all()
            assert (points < scene.room + 1e-9).all()


def test_nothing_is_where_another_thing_is(scenes):
    """By their distances: a ball's centre is a radius off all others."""
    balls = 0
    for scene in scenes:
        for ball in (s for s in scene.solids if s.shape == 'ball'):
            balls += 1
            gaps = [
                distance_to_solid(solid, ball.centre)
                for solid in scene.solids
                if solid is not ball and solid.label != ball.label
            ]
            assert min(gaps) > 0
            # It stands on the floor or on a table.
            foot = ball.centre - [0, 0, ball.half[2]]
            tables = [
                distance_to_solid(solid, foot)
                for solid in scene.solids
                if CLASSES[solid.label] == 'table'
            ]
            assert min([abs(foot[2]), *map(abs, tables)]) < 1e-9
    assert balls > 20


def test_the_camera_stands_free_in_the_room(scenes):
    for scene in scenes:
        assert (scene.camera > 0).all() and (scene.camera < scene.room).all()
        for solid in scene.solids:
            assert distance_to_solid(solid, scene.camera) > 0


def test_lamps_hang_below_the_ceiling_close_together(scenes):
    for scene in scenes:
        lamps = scene.lamps
        assert lamps.shape == (3, 3)
        np.testing.assert_allclose(lamps[:, 2], scene.room[2] - 0.12)
        sides = [np.linalg.norm(lamps[i] - lamps[i - 1]) for i in range(3)]
        np.testing.assert_allclose(sides, sides[0])  # a triangle
        assert sides[0] < 0.25 * np.sqrt(3) + 1e-9
        assert 0.25 <= scene.ambient <= 0.55


def test_wall_items_hang_apart(scenes):
    """Doors, windows, pictures and cabinets of a wall share no place."""
    names = {'door', 'window', 'picture', 'cabinet'}
    for scene in scenes:
        boxes = [
            (points.min(axis=0), points.max(axis=0))
            for points in (
                corners(solid)
                for solid in scene.solids
                if CLASSES[solid.label] in names
            )
        ]
        for (low, high), (other_low, other_high) in itertools.combinations(
            boxes, 2
        ):
            assert (high <= other_low).any() or (other_high <= low).any()


def test_the_room_follows_from_the_numbers_alone():
    first, again = (random_scene(np.random.default_rng(5)) for _ in range(2))
    other = random_scene(np.random.default_rng(6))
    assert len(first.solids) == len(again.solids)
    for a, b in zip(first.solids, again.solids, strict=True):
        np.testing.assert_array_equal(a.centre, b.centre)
        assert a.texture.pattern == b.texture.pattern
    np.testing.assert_array_equal(first.camera, again.camera)
    assert not np.array_equal(first.room, other.room)
