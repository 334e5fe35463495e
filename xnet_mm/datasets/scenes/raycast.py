"""Exact ray casting of the generated rooms, vectorised over all pixels.

A view is an origin and three axes (rows: right, down, forward). The ray of
image plane point (u, v) has the direction `u right + v down + forward`, so
that the distance `t` along it *is* the z depth. A lamp is a view as well: it
looks straight down, and a surface point lies in its shadow where the lamp's
own depth at that point is smaller.
"""

import numpy as np

from .layout import Solid

# Of the cube from -1 to 1, (3, 8).
CORNERS = np.indices((2, 2, 2)).reshape(3, 8) * 2 - 1
ROOM = -1  # index of the room's own surfaces among the hits
BLOCK = 16  # neighbouring rays that are looked at or passed over together
SLACK = 1e-5  # of the image plane, for rounding in float32
NEAR = 0.05  # metres; a body that reaches closer is tried on all rays


def turn(yaw: float) -> np.ndarray:
    """Matrix (3, 3) from the room's axes to a solid's, turned by `yaw`.

    The angle is in radians, about the vertical.
    """
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
    touched = _touched_blocks(solids, origin, axes, u, v)
    for index, solid in enumerate(solids):
        first = np.flatnonzero(touched[index]) * BLOCK
        if not first.size:
            continue
        near = (first[:, None] + np.arange(BLOCK)).ravel()
        near = near[: np.searchsorted(near, u.size)]  # the last may be short
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


def _touched_blocks(
    solids: list[Solid],
    origin: np.ndarray,
    axes: np.ndarray,
    u: np.ndarray,
    v: np.ndarray,
) -> np.ndarray:
    """Which blocks of rays may meet which solid, (S, blocks) bool.

    Those whose frame in the image overlaps that of the solid: most solids
    fill a small part of it.
    """
    if not (solids and u.size):
        return np.zeros((len(solids), 0), bool)
    rotations = np.stack([turn(solid.yaw).T for solid in solids])
    halves = np.stack([solid.half for solid in solids])[:, :, None]
    centres = np.stack([solid.centre - origin for solid in solids])
    corners = rotations @ (CORNERS * halves) + centres[:, :, None]
    x, y, z = (axes @ corners).transpose(1, 0, 2)  # (S, 8) each
    behind, reaches_lens = z.max(axis=1) <= 0, z.min(axis=1) < NEAR
    z = np.maximum(z, NEAR)
    touched = ~behind[:, None]
    starts = np.arange(0, u.size, BLOCK)
    for rays, corner in ((u, x / z), (v, y / z)):
        low = np.where(reaches_lens, -np.inf, corner.min(axis=1) - SLACK)
        high = np.where(reaches_lens, np.inf, corner.max(axis=1) + SLACK)
        # Compared in the rays' own float32: half the memory to go through.
        low, high = low.astype(np.float32), high.astype(np.float32)
        touched = touched & (np.maximum.reduceat(rays, starts) >= low[:, None])
        touched &= np.minimum.reduceat(rays, starts) <= high[:, None]
    return touched


def leave_room(
    room: np.ndarray, origin: np.ndarray, rays: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Distance (N,) to the room's inner sides, and their axis 0, 1, 2 (N,)."""
    far = np.where(rays > 0, room.astype(np.float32)[:, None], 0)
    x, y, z = (far - origin.astype(np.float32)[:, None]) / rays
    depth = np.minimum(np.minimum(x, y), z)
    return depth, np.where(z == depth, 2, y == depth)


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
