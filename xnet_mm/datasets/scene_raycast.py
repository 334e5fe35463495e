"""Exact ray casting of the generated rooms, vectorised over all pixels.

A view is an origin and three axes (rows: right, down, forward). The ray of
image plane point (u, v) has the direction `u right + v down + forward`, so
that the distance `t` along it *is* the z depth. A lamp is a view as well: it
looks straight down, and a surface point lies in its shadow where the lamp's
own depth at that point is smaller.
"""

import numpy as np

from .scene_layout import Solid

FLOOR, WALL, CEILING = 0, 1, 2
# Of the cube from -1 to 1, (3, 8).
CORNERS = np.indices((2, 2, 2)).reshape(3, 8) * 2 - 1
ROOM = -1  # index of the room's own surfaces among the hits
BLOCK = 16  # neighbouring rays that are looked at or passed over together
SLACK = 1e-5  # of the image plane, for rounding in float32
NEAR = 0.05  # metres; a body that reaches closer is tried on all rays


def turn(yaw: float) -> np.ndarray:
    """Matrix from the room's axes to those of a solid turned by `yaw`."""
    cos, sin = np.cos(yaw), np.sin(yaw)
    return np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]], np.float32)


def cast(
    solids: list[Solid],
    origin: np.ndarray,
    axes: np.ndarray,
    u: np.ndarray,
    v: np.ndarray,
    depth: np.ndarray,
) -> np.ndarray:
    """Find the first solid that each ray meets.

    Args:
        solids: the bodies.
        origin: where the rays start, (3,), outside of all bodies.
        axes: rows right, down, forward, (3, 3).
        u: image plane coordinate to the right, (N,), float32.
        v: image plane coordinate downwards, (N,), float32.
        depth: how far each ray goes, in metres along `forward`, (N,);
            shortened in place to the first solid.

    Returns:
        Index of that solid, or `ROOM` where there is none, (N,).
    """
    hit = np.full(u.shape, ROOM)
    blocks = _block_bounds(u, v)
    for index, solid in enumerate(solids):
        near = _rays_near(solid, origin, axes, blocks, u.size)
        if not near.size:
            continue
        rotation = turn(solid.yaw)
        start = rotation @ (origin - solid.centre).astype(np.float32)
        t = _INTERSECT[solid.shape](
            start[:, None],
            ray_directions(axes @ rotation.T, u[near], v[near]),
            solid.half.astype(np.float32),
        )
        closer = t < depth[near]
        near = near[closer]
        depth[near] = t[closer]
        hit[near] = index
    return hit


def ray_directions(
    axes: np.ndarray, u: np.ndarray, v: np.ndarray
) -> np.ndarray:
    """Ray directions, (3, N) float32, one metre of depth long.

    They are given in the frame in which the rows of `axes` are.
    """
    right, down, forward = axes.astype(np.float32)[:, :, None]
    rays = right * u + down * v + forward
    # No exact zeros: the slab tests divide by every component.
    rays[rays == 0] = 1e-9
    return rays


def _block_bounds(u: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, ...]:
    """Lowest and highest u, lowest and highest v of each block of rays."""
    if not u.size:
        return (u, u, v, v)
    starts = np.arange(0, u.size, BLOCK)
    return tuple(
        bound.reduceat(values, starts)
        for values in (u, v)
        for bound in (np.minimum, np.maximum)
    )


def _rays_near(
    solid: Solid,
    origin: np.ndarray,
    axes: np.ndarray,
    blocks: tuple[np.ndarray, ...],
    number: int,
) -> np.ndarray:
    """Indices of the rays, of `number`, that may meet a solid.

    Those in a block that touches the frame around the solid in the image.
    """
    corners = turn(solid.yaw).T @ (CORNERS * solid.half[:, None])
    x, y, z = axes @ (corners + (solid.centre - origin)[:, None])
    if z.max() <= 0:
        return np.empty(0, int)
    if z.min() < NEAR:
        return np.arange(number)
    x, y = x / z, y / z
    u_low, u_high, v_low, v_high = blocks
    touched = (u_high >= x.min() - SLACK) & (u_low <= x.max() + SLACK)
    touched &= (v_high >= y.min() - SLACK) & (v_low <= y.max() + SLACK)
    first = np.flatnonzero(touched) * BLOCK
    rays = (first[:, None] + np.arange(BLOCK)).ravel()
    # Only the last block can be short.
    return rays[: np.searchsorted(rays, number)]


def leave_room(
    room: np.ndarray, origin: np.ndarray, rays: np.ndarray
) -> np.ndarray:
    """Distance to the inner side of the room's walls."""
    far = np.where(rays > 0, room.astype(np.float32)[:, None], 0)
    return ((far - origin.astype(np.float32)[:, None]) / rays).min(axis=0)


def _meet_box(
    start: np.ndarray, rays: np.ndarray, half: np.ndarray
) -> np.ndarray:
    """Distance to a box about the origin; inf for a miss. (N,)."""
    to_middle = -start / rays
    reach = half[:, None] / np.abs(rays)
    enter = (to_middle - reach).max(axis=0)
    leave = (to_middle + reach).min(axis=0)
    return np.where((enter <= leave) & (enter > 0), enter, np.inf)


def _meet_ball(
    start: np.ndarray, rays: np.ndarray, half: np.ndarray
) -> np.ndarray:
    """Distance to a ball about the origin; inf for a miss. (N,)."""
    enter, _ = _chord(start, rays, half[0])
    return np.where(enter > 0, enter, np.inf)


def _meet_cylinder(
    start: np.ndarray, rays: np.ndarray, half: np.ndarray
) -> np.ndarray:
    """Distance to an upright cylinder about the origin. (N,)."""
    enter, leave = _chord(start[:2], rays[:2], half[0])
    middle = -start[2] / rays[2]
    reach = half[2] / np.abs(rays[2])
    enter = np.maximum(enter, middle - reach)
    leave = np.minimum(leave, middle + reach)
    return np.where((enter <= leave) & (enter > 0), enter, np.inf)


def _chord(
    start: np.ndarray, rays: np.ndarray, radius: float
) -> tuple[np.ndarray, np.ndarray]:
    """Where lines enter and leave a ball or a disc; (inf, -inf) outside.

    Starts from the line's nearest point to the centre: the schoolbook
    discriminant loses too many digits in float32.
    """
    squared = (rays**2).sum(axis=0)
    nearest = -(start * rays).sum(axis=0) / squared
    gap = ((start + nearest * rays) ** 2).sum(axis=0)
    inside = radius**2 - gap
    reach = np.sqrt(np.maximum(inside, 0) / squared)
    missed = inside < 0
    enter = np.where(missed, np.inf, nearest - reach)
    return enter, np.where(missed, -np.inf, nearest + reach)


_INTERSECT = {
    'box': _meet_box,
    'ball': _meet_ball,
    'cylinder': _meet_cylinder,
}
