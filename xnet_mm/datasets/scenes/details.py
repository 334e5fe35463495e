"""Drawings on the fronts of doors, windows, pictures and cabinets.

Each function changes the albedo in place and returns how much of the surface
shines by itself. Coordinates are those of the front: `x` from -half width to
half width, `z` from -half height to half height, in metres.
"""

import numpy as np

from .textures import look_up


def _frame(
    x: np.ndarray, z: np.ndarray, half: np.ndarray, width: float
) -> np.ndarray:
    """True within `width` of the border."""
    return (np.abs(x) > half[0] - width) | (np.abs(z) > half[2] - width)


def _darken(albedo: np.ndarray, where: np.ndarray, factor: float) -> None:
    albedo[:, where] *= np.float32(factor)


def _door(
    albedo: np.ndarray,
    x: np.ndarray,
    z: np.ndarray,
    half: np.ndarray,
    tile: np.ndarray,
) -> np.ndarray:
    _darken(albedo, _frame(x, z, half, 0.05), 0.7)
    for middle, tall in ((0.45, 0.4), (-0.5, 0.33)):
        inset = np.array([half[0] - 0.14, 0, half[2] * tall])
        below = z - half[2] * middle
        outline = ~_frame(x, below, inset, 0) & _frame(x, below, inset, 0.02)
        _darken(albedo, outline, 0.6)
    handle = (np.abs(x - half[0] + 0.11) < 0.05) & (np.abs(z) < 0.016)
    albedo[:, handle] = 0.7 - 0.6 * albedo[:, handle]
    return np.zeros_like(x)


def _window(
    albedo: np.ndarray,
    x: np.ndarray,
    z: np.ndarray,
    half: np.ndarray,
    tile: np.ndarray,
) -> np.ndarray:
    panes = max(1, round(half[0] / 0.3))
    pitch = 2 * (half[0] - 0.06) / panes
    beside_bar = np.abs((x / pitch + panes / 2) % 1 - 0.5) < 0.5 - 0.02 / pitch
    glass = ~_frame(x, z, half, 0.06) & beside_bar
    # The view: sky above hills; both vary with the room's noise.
    phase = float(tile[0, 0]) * 997 % 1
    skyline = half[2] * (look_up(tile, x / 4 + phase, 0 * x + phase) - 0.9)
    brightness = 0.55 + 0.45 * z / half[2]
    hue = np.array([[0.65], [0.8], [1.0]]) ** (2.5 * phase - 0.5)
    view = hue * brightness
    hills = hue[::-1] * 0.35 * (0.3 + look_up(tile, x / 2, z / 2))
    albedo[:, glass] = np.where(z > skyline, view, hills)[:, glass]
    return glass.astype(np.float32)


def _picture(
    albedo: np.ndarray,
    x: np.ndarray,
    z: np.ndarray,
    half: np.ndarray,
    tile: np.ndarray,
) -> np.ndarray:
    own = float(half[0] * 7 + half[2] * 3)  # another motif for each picture
    motif = np.stack(
        [look_up(tile, x / 3 + own * k, z / 3 - own * k) for k in (1, 2, 3)]
    )
    border = _frame(x, z, half, 0.04)
    if own % 1 < 0.5:  # hard-edged shapes, or clouds of colour
        motif = np.floor(motif * 4) / 3
    albedo[:, ~border] = (0.1 + 0.9 * motif[:, ~border]) ** 2
    _darken(albedo, border, 0.4)
    return np.zeros_like(x)


def _cabinet(
    albedo: np.ndarray,
    x: np.ndarray,
    z: np.ndarray,
    half: np.ndarray,
    tile: np.ndarray,
) -> np.ndarray:
    columns, rows = max(1, round(half[0] / 0.25)), max(1, round(half[2] / 0.3))
    across = (x / half[0] + 1) / 2 * columns % 1
    upwards = (z / half[2] + 1) / 2 * rows % 1
    wide, tall = 2 * half[0] / columns, 2 * half[2] / rows
    border = np.minimum(across, 1 - across) * wide
    border = np.minimum(border, np.minimum(upwards, 1 - upwards) * tall)
    _darken(albedo, border < 0.012, 0.3)
    knob = np.hypot((across - 0.5) * wide, (upwards - 0.8) * tall) < 0.022
    albedo[:, knob] = 0.75 - 0.7 * albedo[:, knob]
    return np.zeros_like(x)


DETAILS = {
    'door': _door,
    'window': _window,
    'picture': _picture,
    'cabinet': _cabinet,
}
