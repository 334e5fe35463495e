"""Surface colours of the generated rooms: patterns over metres.

Plain numpy. Every class draws from the same patterns and hues, so that
colour alone does not tell what a surface is.
"""

import colorsys
from dataclasses import dataclass

import cv2
import numpy as np

NOISE_SIDE = 256  # texels


@dataclass(frozen=True)
class Texture:
    """How a surface is coloured.

    Args:
        pattern: one of `PATTERNS`.
        colours: two linear RGB albedos in [0, 1], (2, 3).
        period: size of one repetition in metres.
        angle: rotation of the pattern on the surface in radians.
        shift: origin of the pattern on the surface in metres, (2,).
        grain: strength of the fine noise on top, 0 for none.
        gloss: strength of the highlight, 0 for matt.
    """

    pattern: str
    colours: np.ndarray
    period: float
    angle: float
    shift: np.ndarray
    grain: float
    gloss: float


def random_colour(rng: np.random.Generator, vivid: float) -> np.ndarray:
    """A linear RGB albedo, (3,); `vivid` is the highest saturation."""
    hue, saturation = rng.random(), vivid * rng.random() ** 1.5
    srgb = colorsys.hsv_to_rgb(hue, saturation, rng.uniform(0.35, 0.95))
    return np.array(srgb, np.float32) ** 2.2


def random_texture(
    rng: np.random.Generator, vivid: float, period: float
) -> Texture:
    """A texture with repetitions of about `period` metres."""
    first = random_colour(rng, vivid)
    if rng.random() < 0.6:  # a shade of the same colour: calmer rooms
        second = first * rng.uniform(0.45, 0.8)
    else:
        second = random_colour(rng, vivid)
    return Texture(
        pattern=list(PATTERNS)[rng.integers(len(PATTERNS))],
        colours=np.stack([first, second]),
        period=period * rng.uniform(0.7, 1.6),
        angle=rng.choice([0.0, np.pi / 2, rng.uniform(0, np.pi)]),
        shift=rng.uniform(0, 9, 2).astype(np.float32),
        grain=float(rng.choice([0.0, 0.15, 0.35])),
        gloss=float(rng.choice([0.0, 0.0, 0.25, 0.6])),
    )


def noise_tile(rng: np.random.Generator) -> np.ndarray:
    """Smooth noise of several octaves that tiles without seams.

    Returns:
        (NOISE_SIDE, NOISE_SIDE) float32 in [0, 1].
    """
    total = np.zeros((NOISE_SIDE, NOISE_SIDE), np.float32)
    for side in (8, 16, 32, 64):
        coarse = rng.random((side, side), dtype=np.float32)
        # The margin makes the interpolation wrap around.
        wrapped = np.pad(coarse, 4, mode='wrap')
        texel = NOISE_SIDE // side
        fine = cv2.resize(
            wrapped, None, fx=texel, fy=texel, interpolation=cv2.INTER_CUBIC
        )
        total += fine[4 * texel : -4 * texel, 4 * texel : -4 * texel] / side
    low, high = total.min(), total.max()
    return (total - low) / (high - low)


def look_up(tile: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Noise (N,) at points u, v, (N,) each, in tiles: 1 is one whole tile."""
    # OpenCV wants an image that is not empty and no side above 32767.
    height = u.size // NOISE_SIDE + 1
    texels = np.zeros((2, height * NOISE_SIDE), np.float32)
    texels[0, : u.size] = u % 1
    texels[1, : u.size] = v % 1
    texels *= NOISE_SIDE
    columns, rows = texels.reshape(2, height, NOISE_SIDE)
    noise = cv2.remap(
        tile, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP
    )
    return noise.ravel()[: u.size]


def colour_at(
    texture: Texture, u: np.ndarray, v: np.ndarray, tile: np.ndarray
) -> np.ndarray:
    """Albedo at surface points.

    Args:
        texture: what to draw.
        u: first surface coordinate in metres, (N,).
        v: second surface coordinate in metres, (N,).
        tile: a `noise_tile`.

    Returns:
        Linear RGB, (3, N) float32.
    """
    cos = np.float32(np.cos(texture.angle))
    sin = np.float32(np.sin(texture.angle))
    x = (cos * u - sin * v + texture.shift[0]) / np.float32(texture.period)
    y = (sin * u + cos * v + texture.shift[1]) / np.float32(texture.period)
    amount = PATTERNS[texture.pattern](x, y, tile)
    first, second = texture.colours[:, :, None]
    colour = first + (second - first) * amount
    if texture.grain:
        # 0.7 m a tile, whatever the pattern: grain is fine on any surface.
        fine = look_up(tile, u / 0.7 + 0.37, v / 0.7 + 0.11)
        colour = colour * (1 + texture.grain * (fine - 0.5))
    return np.clip(colour, 0, 1).astype(np.float32)


def _plain(x: np.ndarray, y: np.ndarray, tile: np.ndarray) -> np.ndarray:
    return np.zeros_like(x)


def _stripes(x: np.ndarray, y: np.ndarray, tile: np.ndarray) -> np.ndarray:
    return (x % 1 < 0.5).astype(np.float32)


def _checker(x: np.ndarray, y: np.ndarray, tile: np.ndarray) -> np.ndarray:
    return ((np.floor(x) + np.floor(y)) % 2).astype(np.float32)


def _planks(x: np.ndarray, y: np.ndarray, tile: np.ndarray) -> np.ndarray:
    row = np.floor(y * 2)
    # Boards five times as long as wide, each row shifted by its own amount.
    along = x / 2.5 + look_up(tile, row * 0.173, row * 0.311) * 7
    board = np.floor(along)
    shade = look_up(tile, board * 0.237 + row * 0.119, board * 0.057)
    seam = (along % 1 < 0.012) | (y * 2 % 1 < 0.05)
    streaks = look_up(tile, x / 9 + row * 0.31, y * 1.7)
    return np.where(seam, 1.2, 0.7 * shade + 0.3 * streaks)


def _tiles(x: np.ndarray, y: np.ndarray, tile: np.ndarray) -> np.ndarray:
    grout = (x % 1 < 0.06) | (y % 1 < 0.06)
    shade = look_up(tile, np.floor(x) * 0.173, np.floor(y) * 0.271)
    return np.where(grout, 1.0, 0.35 * shade)


def _dots(x: np.ndarray, y: np.ndarray, tile: np.ndarray) -> np.ndarray:
    return ((x % 1 - 0.5) ** 2 + (y % 1 - 0.5) ** 2 < 0.08).astype('f4')


def _mottled(x: np.ndarray, y: np.ndarray, tile: np.ndarray) -> np.ndarray:
    return look_up(tile, x / 6, y / 6)


def _wood(x: np.ndarray, y: np.ndarray, tile: np.ndarray) -> np.ndarray:
    rings = y * 3 + 3 * look_up(tile, x / 20, y / 8)
    return 0.5 + 0.5 * np.sin(2 * np.pi * rings)


PATTERNS = {
    'plain': _plain,
    'stripes': _stripes,
    'checker': _checker,
    'planks': _planks,
    'tiles': _tiles,
    'dots': _dots,
    'mottled': _mottled,
    'wood': _wood,
}
