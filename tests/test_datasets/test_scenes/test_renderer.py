"""Pictures of rooms: exact depth and labels, light, repeatable."""

import math

import numpy as np
import pytest
from scene_distance import distance_to_solid, march

from xnet_mm.datasets.scenes import renderer as scene_renderer
from xnet_mm.datasets.scenes.layout import CLASSES, Scene, Solid, random_scene
from xnet_mm.datasets.scenes.renderer import camera_matrix, render_scene
from xnet_mm.datasets.scenes.textures import Texture

SIZE = (64, 48)


@pytest.mark.parametrize('index', [0, 1, 2])
def test_depth_and_label_agree_with_marching(index):
    _, label, depth = render_scene(7, index, (320, 240))
    scene = random_scene(np.random.default_rng([7, index]))
    inverse = np.linalg.inv(camera_matrix((320, 240)))
    pixels = np.random.default_rng(0).integers(0, (320, 240), (30, 2))
    wrong = 0
    for x, y in pixels:
        ray = scene.axes.T @ inverse @ [x, y, 1]  # one metre of z depth
        length = np.linalg.norm(ray)
        way, name = march(scene, ray / length)
        if name == label[y, x]:
            assert depth[y, x] == pytest.approx(way / length, abs=5e-4)
        else:
            wrong += 1
            # Only where two surfaces meet within the pixel.
            assert len(np.unique(label[y - 1 : y + 2, x - 1 : x + 2])) > 1
    assert wrong <= 1


def test_every_pixel_lies_on_a_surface_of_its_class():
    _, label, depth = render_scene(3, 5, SIZE)
    scene = random_scene(np.random.default_rng([3, 5]))
    inverse = np.linalg.inv(camera_matrix(SIZE))
    for y, x in np.ndindex(label.shape):
        ray = inverse @ [x, y, 1] * depth[y, x]
        point = scene.camera + scene.axes.T @ ray
        walls = np.abs([*point[:2], *(scene.room - point)[:2]]).min()
        gaps = {0: abs(point[2]), 1: walls, 2: abs(scene.room[2] - point[2])}
        for solid in scene.solids:
            gap = abs(distance_to_solid(solid, point))
            gaps[solid.label] = min(gap, gaps.get(solid.label, np.inf))
        assert gaps[label[y, x]] < 1e-4


def test_camera_matrix():
    np.testing.assert_array_equal(
        camera_matrix((320, 240)),
        [[256, 0, 159.5], [0, 256, 119.5], [0, 0, 1]],
    )


def test_shadow_of_a_ball_under_one_lamp():
    # Lamp at 2 m, ball of radius 0.3 around 1 m: the tangent cone has
    # sin = 0.3, so that the shadow's radius on the floor is 2 tan(asin 0.3).
    white = Texture('plain', np.ones((2, 3)), 1.0, 0.0, np.zeros(2), 0.0, 0.0)
    ball = Solid('ball', np.array([2, 2, 1.0]), np.full(3, 0.3), 0.0, 8, white)
    scene = Scene(
        room=np.array([4, 4, 2.5]),
        surfaces={},
        skirting=0.0,
        solids=[ball],
        lamps=np.array([[2, 2, 2.0]]),
        lamp_colour=np.ones(3, np.float32),
        ambient=0.5,
        camera=np.zeros(3),
        axes=np.eye(3),
    )
    radius = 2 * math.tan(math.asin(0.3))
    away = np.array([0, radius - 0.01, radius + 0.01, 1.5], np.float32)
    points = np.stack([2 + away, 0 * away + 2, 0 * away])
    up = np.stack([0 * away, 0 * away, 0 * away + 1])
    light = scene_renderer._light(scene, points, up)
    ambient = 0.5 * 1.25
    squared = 4 + away[2:] ** 2
    lit = ambient + 0.5 * 5 * 2 / np.sqrt(squared) / (1 + squared)
    np.testing.assert_allclose(light[0], [ambient, ambient, *lit], rtol=1e-5)


def test_same_arguments_same_picture():
    first, again = render_scene(1, 2, SIZE), render_scene(1, 2, SIZE)
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert (first[0] != render_scene(1, 3, SIZE)[0]).mean() > 0.5
    assert (first[0] != render_scene(2, 2, SIZE)[0]).mean() > 0.5


def test_room_does_not_depend_on_size():
    # The centre of every third pixel is one of the small picture's.
    _, label, depth = render_scene(1, 2, (63, 45))
    _, small_label, small_depth = render_scene(1, 2, (21, 15))
    np.testing.assert_array_equal(label[1::3, 1::3], small_label)
    np.testing.assert_allclose(depth[1::3, 1::3], small_depth, atol=2e-3)


def test_all_classes_occur_and_none_else():
    ids = [np.unique(render_scene(0, i, SIZE)[1]) for i in range(25)]
    assert set(np.concatenate(ids)) == set(range(len(CLASSES)))


def test_colour_does_not_give_the_class_away():
    # The best constant guess by mean colour must stay far from perfect.
    means, names = [], []
    for index in range(25):
        image, label, _ = render_scene(0, index, SIZE)
        for name in np.unique(label):
            means.append(image[label == name].mean(axis=0))
            names.append(name)
    means, names = np.array(means), np.array(names)
    gaps = np.linalg.norm(means[:, None] - means, axis=2)
    np.fill_diagonal(gaps, np.inf)
    assert (names[gaps.argmin(axis=1)] == names).mean() < 0.4
