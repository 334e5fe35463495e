"""Drawings on fronts: where they are, in metres, and what shines."""

import numpy as np
import pytest

from xnet_mm.datasets.scenes.details import DETAILS
from xnet_mm.datasets.scenes.textures import noise_tile

HALF = np.float32([0.5, 0.03, 1.0])  # a front of 1 m x 2 m
TILE = noise_tile(np.random.default_rng(0))


def draw(name, x, z, half=HALF):
    """Albedo (3, N) of a white front and what shines by itself."""
    x, z = np.broadcast_arrays(np.float32(x), np.float32(z))
    albedo = np.ones((3, *x.shape), np.float32)
    shine = DETAILS[name](albedo, x, z, half, TILE)
    assert shine.shape == x.shape
    return albedo, shine


def grid(half=HALF, count=60):
    """Points of a front, spaced evenly."""
    places = (np.arange(count) + 0.5) / count * 2 - 1
    x, z = np.meshgrid(places * half[0], places * half[2])
    return x.ravel(), z.ravel()


@pytest.mark.parametrize('name', DETAILS)
def test_albedo_stays_physical_and_only_windows_shine(name):
    albedo, shine = draw(name, *grid())
    surface = albedo[:, shine == 0]  # a view through glass may be brighter
    assert surface.min() >= 0 and surface.max() <= 1
    assert 0 < albedo.max() < 1.3
    assert albedo.std() > 0  # something is drawn
    assert set(np.unique(shine)) == ({0, 1} if name == 'window' else {0})


def test_a_door_has_a_frame_and_a_handle():
    albedo, _ = draw('door', [0.0, 0.46, 0.3, 0.39], 0.0)
    np.testing.assert_allclose(albedo[0], [1, 0.7, 1, 0.1], rtol=1e-6)
    # The upper panel is 0.8 m high about 0.45 m above the middle.
    albedo, _ = draw('door', 0.0, [0.04, 0.06, 0.08, 0.84, 0.86])
    np.testing.assert_allclose(albedo[0], [1, 0.6, 1, 0.6, 1], rtol=1e-6)


def test_a_window_shines_but_for_frame_and_bars():
    # 0.5 / 0.3 is two panes, so there is a bar in the middle.
    x = [0.0, 0.2, -0.2, 0.47]
    assert draw('window', x, 0.3)[1].tolist() == [0, 1, 1, 0]
    assert draw('window', 0.2, [0.93, 0.95])[1].tolist() == [1, 0]
    wide = np.float32([0.9, 0.05, 0.5])  # three panes, none in the middle
    assert draw('window', [0.0], [0.0], wide)[1].tolist() == [1]


def test_the_sky_is_above_the_hills():
    x = np.linspace(-0.3, 0.3, 50)
    sky, hills = (draw('window', x, z)[0].mean() for z in (0.9, -0.9))
    assert sky > hills


def test_a_picture_has_a_dark_frame():
    albedo, _ = draw('picture', [0.49, 0.0], [0.0, 0.97])
    np.testing.assert_allclose(albedo, 0.4, rtol=1e-6)
    inside, _ = draw('picture', *grid(HALF * 0.9))
    other = HALF * np.float32(1.1)
    another, _ = draw('picture', *grid(HALF * 0.9), other)
    assert not np.allclose(inside, another)  # each has its own motif


def test_a_cabinet_has_doors_with_knobs():
    # Two columns and three rows of doors: seams at x = 0 and z = 1/3.
    albedo, _ = draw('cabinet', [0.005, 0.25, 0.2], [0.0, 1 / 3, 0.0])
    np.testing.assert_allclose(albedo[0], [0.3, 0.3, 1], rtol=1e-6)
    # A knob in the middle of a door, at four fifths of its height.
    albedo, _ = draw('cabinet', [0.25], [-1 / 3 + 0.8 * 2 / 3])
    np.testing.assert_allclose(albedo[0], [0.05], rtol=1e-4)
