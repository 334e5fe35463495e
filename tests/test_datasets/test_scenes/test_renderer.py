import math

import numpy as np
import pytest

from xnet_mm.datasets.scenes import renderer as scene_renderer
from xnet_mm.datasets.scenes.layout import CLASSES, Scene, Solid, random_scene
from xnet_mm.datasets.scenes.renderer import camera_matrix, render_scene
from xnet_mm.datasets.scenes.textures import PATTERNS, Texture, noise_tile

SIZE = (64, 48)


def distance_to_solid(solid, point):
    """Signed distance, by formulas of their own (no ray in them)."""
    x, y, z = (float(p - c) for p, c in zip(point, solid.centre, strict=True))
    turned = complex(x, y) * complex(math.cos(solid.yaw), -math.sin(solid.yaw))
    a, b, c = (float(h) for h in solid.half)
    if solid.shape == 'ball':
        return math.sqrt(x * x + y * y + z * z) - a
    if solid.shape == 'cylinder':
        gaps = [math.hypot(x, y) - a, abs(z) - c]
    else:
        gaps = [abs(turned.real) - a, abs(turned.imag) - b, abs(z) - c]
    outside = math.sqrt(sum(max(g, 0) ** 2 for g in gaps))
    return outside + min(max(gaps), 0)


def march(scene, direction):
    """Walk along a unit direction by the free distance: (way, class)."""
    way = 0.0
    for _ in range(20000):
        point = scene.camera + way * direction
        found = [
            (point[2], 0),
            (scene.room[2] - point[2], 2),
            *((point[i], 1) for i in (0, 1)),
            *((scene.room[i] - point[i], 1) for i in (0, 1)),
            *((distance_to_solid(s, point), s.label) for s in scene.solids),
        ]
        free, label = min(found)
        if free < 1e-6:
            return way, label
        way += free
    raise AssertionError('did not arrive')


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


def test_camera_axes_are_a_rotation_that_looks_ahead():
    for index in range(20):
        axes = random_scene(np.random.default_rng([0, index])).axes
        np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(axes) == pytest.approx(1)
        assert axes[1, 2] < -0.8  # the image's down is the room's down


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


@pytest.mark.parametrize('name', PATTERNS)
def test_albedo_stays_physical(name):
    rng = np.random.default_rng(0)
    tile = noise_tile(rng)
    assert (tile.min(), tile.max()) == (0, 1)
    colours = np.array([[0.9, 0.5, 0.1], [0.1, 0.5, 0.9]], np.float32)
    texture = Texture(name, colours, 0.3, 0.7, np.ones(2), 0.35, 0.0)
    u, v = rng.uniform(-5, 5, (2, 5000)).astype(np.float32)
    albedo = scene_renderer.colour_at(texture, u, v, tile)
    assert albedo.shape == (3, 5000) and albedo.dtype == np.float32
    assert albedo.min() >= 0 and albedo.max() <= 1
