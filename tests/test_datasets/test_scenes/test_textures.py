"""Patterns: physical, of their period, seamless."""

import numpy as np
import pytest

from xnet_mm.datasets.scenes.textures import (
    NOISE_SIDE,
    PATTERNS,
    Texture,
    colour_at,
    look_up,
    noise_tile,
    random_colour,
    random_texture,
)

DARK, BRIGHT = [0.1, 0.2, 0.3], [0.7, 0.8, 0.9]


def make_texture(pattern, period=1.0, angle=0.0, shift=(0.0, 0.0)):
    return Texture(
        pattern,
        np.array([DARK, BRIGHT], np.float32),
        period,
        angle,
        np.array(shift, np.float32),
        grain=0.0,
        gloss=0.0,
    )


@pytest.mark.parametrize('name', PATTERNS)
def test_albedo_stays_physical(name):
    rng = np.random.default_rng(0)
    tile = noise_tile(rng)
    assert (tile.min(), tile.max()) == (0, 1)
    colours = np.array([[0.9, 0.5, 0.1], [0.1, 0.5, 0.9]], np.float32)
    texture = Texture(name, colours, 0.3, 0.7, np.ones(2), 0.35, 0.0)
    u, v = rng.uniform(-5, 5, (2, 5000)).astype(np.float32)
    albedo = colour_at(texture, u, v, tile)
    assert albedo.shape == (3, 5000) and albedo.dtype == np.float32
    assert albedo.min() >= 0 and albedo.max() <= 1


def amounts(texture, u, v):
    """0 where the first colour is, 1 where the second is."""
    tile = np.zeros((NOISE_SIDE, NOISE_SIDE), np.float32)
    points = np.broadcast_arrays(np.float32(u), np.float32(v))
    albedo = colour_at(texture, *points, tile)
    amount = (albedo[0] - DARK[0]) / (BRIGHT[0] - DARK[0])
    for channel in (1, 2):
        wanted = DARK[channel] + 0.6 * amount
        np.testing.assert_allclose(albedo[channel], wanted, atol=1e-6)
    return np.round(amount, 4).tolist()


def test_patterns_by_hand():
    at = [0.1, 0.4, 0.6, 0.9, 1.1]
    assert amounts(make_texture('plain'), at, 0.3) == [0, 0, 0, 0, 0]
    assert amounts(make_texture('stripes'), at, 0.3) == [1, 1, 0, 0, 1]
    assert amounts(make_texture('checker'), at, 0.3) == [0, 0, 0, 0, 1]
    assert amounts(make_texture('checker'), at, 1.3) == [1, 1, 1, 1, 0]
    # Grout is 6 % of a tile, on its left and lower sides.
    assert amounts(make_texture('tiles'), [0.05, 0.07], 0.5) == [1, 0]
    assert amounts(make_texture('tiles'), 0.5, [0.05, 0.07]) == [1, 0]
    # Dots have a radius of sqrt(0.08) = 0.283 about the middle.
    assert amounts(make_texture('dots'), [0.5, 0.77, 0.8], 0.5) == [1, 1, 0]
    # Without noise the rings of wood are a sine of three periods a unit.
    wood = amounts(make_texture('wood'), 0.0, [0, 1 / 12, 1 / 4])
    assert wood == [0.5, 1, 0]


def test_period_shift_and_angle():
    at = np.arange(0.05, 1, 0.1)
    plain = amounts(make_texture('stripes'), at, 0)
    assert amounts(make_texture('stripes', period=0.3), 0.3 * at, 0) == plain
    shifted = make_texture('stripes', period=2.0, shift=(0.5, 0))
    assert amounts(shifted, 2 * at - 0.5, 0) == plain
    turned = make_texture('stripes', angle=np.pi / 2)  # along v now, downwards
    assert amounts(turned, 0, -at) == plain
    assert amounts(turned, at, -0.05) == [1] * 10


def test_grain_is_noise_about_the_colour():
    tile = np.full((NOISE_SIDE, NOISE_SIDE), 0.75, np.float32)
    texture = Texture(
        'plain', np.full((2, 3), 0.4), 1.0, 0.0, np.zeros(2), 0.35, 0.0
    )
    albedo = colour_at(texture, np.zeros(3, 'f4'), np.ones(3, 'f4'), tile)
    np.testing.assert_allclose(albedo, 0.4 * (1 + 0.35 * 0.25), rtol=1e-6)


def test_noise_is_looked_up_bilinearly_and_wraps():
    tile = noise_tile(np.random.default_rng(1))
    assert tile.dtype == np.float32
    texels = np.random.default_rng(2).uniform(-600, 600, (2, 700))
    found = look_up(tile, *texels / NOISE_SIDE)
    assert found.shape == (700,)
    for (x, y), value in zip(texels.T, found, strict=True):
        left, top = int(np.floor(x)), int(np.floor(y))
        wanted = sum(
            tile[(top + j) % NOISE_SIDE, (left + i) % NOISE_SIDE]
            * abs(1 - i - (x - left))
            * abs(1 - j - (y - top))
            for i in (0, 1)
            for j in (0, 1)
        )
        # OpenCV knows 32 places between two texels.
        assert value == pytest.approx(wanted, abs=0.01)
    assert look_up(tile, np.empty(0), np.empty(0)).shape == (0,)


def test_noise_has_no_seam():
    tile = noise_tile(np.random.default_rng(3))
    inside = np.abs(np.diff(tile, axis=0)).max()
    assert np.abs(tile[0] - tile[-1]).max() <= 1.5 * inside
    assert np.abs(tile[:, 0] - tile[:, -1]).max() <= 1.5 * inside


def test_random_colours_and_textures_stay_in_their_ranges():
    rng = np.random.default_rng(4)
    greys = [random_colour(rng, vivid=0.0) for _ in range(50)]
    assert np.ptp(greys, axis=1).max() == 0
    assert min(map(np.min, greys)) >= 0.35**2.2
    assert max(map(np.max, greys)) <= 0.95**2.2
    textures = [random_texture(rng, vivid=0.8, period=0.4) for _ in range(200)]
    assert {texture.pattern for texture in textures} == set(PATTERNS)
    for texture in textures:
        assert 0.28 <= texture.period <= 0.64
        assert texture.grain in (0, 0.15, 0.35)
        assert texture.gloss in (0, 0.25, 0.6)
        assert texture.colours.shape == (2, 3)
        assert 0 <= texture.colours.min() <= texture.colours.max() <= 1
