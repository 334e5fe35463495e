"""What stands where in a generated room. Plain numpy; metres; z is up.

The room is the box from (0, 0, 0) to `room`. Everything else is a box, a
ball or a cylinder that may be turned about the vertical.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .textures import Texture, random_texture

CLASSES = (
    'floor', 'wall', 'ceiling', 'door', 'window', 'picture', 'cabinet',
    'table', 'ball', 'cylinder',
)  # fmt: skip


@dataclass(frozen=True)
class Solid:
    """One convex body.

    Args:
        shape: 'box', 'ball' or 'cylinder' (its axis is vertical).
        centre: (3,) metres.
        half: half of the extents along its own axes, (3,) metres.
        yaw: turn about the vertical in radians.
        label: class id.
        texture: its colours.
        detail: drawing on the front (a box's own -y side) or ''.
    """

    shape: str
    centre: np.ndarray
    half: np.ndarray
    yaw: float
    label: int
    texture: Texture
    detail: str = ''


@dataclass(frozen=True)
class Scene:
    """A furnished room, its light and the camera in it.

    Args:
        room: extents (3,) metres.
        surfaces: textures of floor, wall and ceiling, by class id.
        skirting: height of the skirting board in metres.
        solids: all bodies.
        lamps: point lights of equal strength, (L, 3); close together they
            act as one lamp with soft shadows.
        lamp_colour: linear RGB, (3,).
        ambient: share of the light that comes from everywhere, in (0, 1).
        camera: position (3,).
        axes: rows are the camera's right, down and forward in the room.
    """

    room: np.ndarray
    surfaces: dict[int, Texture]
    skirting: float
    solids: list[Solid]
    lamps: np.ndarray
    lamp_colour: np.ndarray
    ambient: float
    camera: np.ndarray
    axes: np.ndarray


class _Furnisher:
    """Puts things into one room without overlaps."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.room = rng.uniform([3.6, 3.6, 2.4], [6.5, 6.5, 3.1])
        self.solids: list[Solid] = []
        self.taken: list[tuple[np.ndarray, float]] = []  # discs on the floor
        self.on_wall: list[list[tuple[float, float]]] = [[], [], [], []]

    def add(
        self,
        name: str,
        shape: str,
        centre: ArrayLike,
        half: ArrayLike,
        yaw: float = 0.0,
        texture: Texture | None = None,
        detail: str = '',
    ) -> None:
        if texture is None:
            texture = random_texture(self.rng, vivid=0.8, period=0.2)
        self.solids.append(
            Solid(
                shape,
                np.asarray(centre, float),
                np.asarray(half, float),
                yaw,
                CLASSES.index(name),
                texture,
                detail,
            )
        )

    def wall_item(
        self, name: str, width: float, depth: float, bottom: float, top: float
    ) -> None:
        """A box against a wall, clear of what hangs or stands there."""
        for _ in range(20):
            wall = self.rng.integers(4)
            # Odd walls run along y, even ones along x.
            length, across = self.room[[wall % 2, 1 - wall % 2]]
            margin = width / 2 + 0.15
            at = self.rng.uniform(margin, length - margin)
            start, end = at - width / 2 - 0.1, at + width / 2 + 0.1
            if any(start < b and end > a for a, b in self.on_wall[wall]):
                continue
            off = depth / 2 if wall < 2 else across - depth / 2
            place = np.array([at, off] if wall % 2 == 0 else [off, at])
            if bottom < 1 and not self.free(place, width / 2):
                continue
            self.on_wall[wall].append((start, end))
            if depth > 0.2:
                self.taken.append((place, width / 2))
            # The box's -y side looks into the room.
            yaw = (np.pi, np.pi / 2, 0.0, -np.pi / 2)[wall]
            centre = [*place, (bottom + top) / 2]
            half = [width / 2, depth / 2, (top - bottom) / 2]
            self.add(name, 'box', centre, half, yaw, detail=name)
            return

    def free(self, place: np.ndarray, radius: float) -> bool:
        return all(
            np.hypot(*(place - other)) > radius + other_radius
            for other, other_radius in self.taken
        )

    def spot(self, radius: float) -> np.ndarray | None:
        """A free place for a disc on the floor, or None."""
        for _ in range(30):
            low, high = radius + 0.05, self.room[:2] - radius - 0.05
            place = self.rng.uniform(low, high)
            if self.free(place, radius):
                self.taken.append((place, radius))
                return place
        return None

    def table(self) -> None:
        rng = self.rng
        half = np.array([rng.uniform(0.35, 0.8), rng.uniform(0.3, 0.5)])
        place = self.spot(float(np.hypot(*half)))
        if place is None:
            return
        height, yaw = rng.uniform(0.4, 0.8), rng.uniform(0, np.pi)
        slab, leg = rng.uniform(0.02, 0.05), rng.uniform(0.025, 0.05)
        top = random_texture(rng, vivid=0.8, period=0.25)
        legs = random_texture(rng, vivid=0.8, period=0.2)

        def turned(x: float, y: float) -> np.ndarray:
            """A point of the table's own axes, on the floor."""
            cos, sin = np.cos(yaw), np.sin(yaw)
            return place + np.array([cos * x - sin * y, sin * x + cos * y])

        def part(
            shape: str, x: float, y: float, z: float, h: list, texture: Texture
        ) -> None:
            self.add('table', shape, [*turned(x, y), z], h, yaw, texture)

        part('box', 0, 0, height - slab, [*half, slab], top)
        leg_half = height / 2 - slab
        style = rng.integers(3)
        if style == 0:  # one leg with a foot
            part('cylinder', 0, 0, leg_half, [leg, leg, leg_half], legs)
            part('cylinder', 0, 0, 0.015, [0.25, 0.25, 0.015], legs)
        elif style == 1:  # two side panels
            for x in (leg - half[0], half[0] - leg):
                part('box', x, 0, leg_half, [leg, half[1], leg_half], legs)
        else:
            for x in (leg - half[0], half[0] - leg):
                for y in (leg - half[1], half[1] - leg):
                    part('box', x, y, leg_half, [leg, leg, leg_half], legs)
        for _ in range(rng.integers(3)):
            x, y = rng.uniform(-0.7, 0.7, 2) * half
            self.thing(turned(x, y), height, small=True)

    def thing(self, place: np.ndarray, floor: float, small: bool) -> None:
        """A ball or a cylinder at `place`, standing at height `floor`."""
        rng = self.rng
        radius = rng.uniform(0.05, 0.12) if small else rng.uniform(0.1, 0.3)
        if rng.random() < 0.5:
            self.add('ball', 'ball', [*place, floor + radius], [radius] * 3)
            return
        tall = rng.uniform(0.1, 0.25) if small else rng.uniform(0.3, 1.3)
        half = [radius, radius, tall / 2]
        self.add('cylinder', 'cylinder', [*place, floor + tall / 2], half)

    def furnish(self) -> None:
        rng, high = self.rng, self.room[2]
        top = rng.uniform(1.95, 2.1)
        self.wall_item('door', rng.uniform(0.8, 1.0), 0.06, 0.0, top)
        for _ in range(rng.integers(1, 4)):
            bottom, top = rng.uniform(0.7, 1.1), rng.uniform(1.8, high - 0.2)
            self.wall_item('window', rng.uniform(0.7, 1.8), 0.1, bottom, top)
        for _ in range(rng.integers(2, 5)):
            top = rng.uniform(0.5, 2.1)
            width, depth = rng.uniform(0.5, 1.4), rng.uniform(0.35, 0.6)
            self.wall_item('cabinet', width, depth, 0.0, top)
        for _ in range(rng.integers(2, 6)):
            bottom, tall = rng.uniform(1.0, 1.5), rng.uniform(0.3, 0.75)
            width = rng.uniform(0.3, 1.0)
            self.wall_item('picture', width, 0.04, bottom, bottom + tall)
        for _ in range(rng.integers(1, 3)):
            self.table()
        for _ in range(rng.integers(3, 8)):
            place = self.spot(0.3)
            if place is not None:
                self.thing(place, 0.0, small=False)


def random_scene(rng: np.random.Generator) -> Scene:
    """A furnished room; all of its randomness comes from `rng`."""
    furnisher = _Furnisher(rng)
    room = furnisher.room
    camera, axes = _random_camera(rng, room)
    furnisher.taken.append((camera[:2], 0.9))  # nothing right at the lens
    furnisher.furnish()
    lamp = rng.uniform(room * [0.25, 0.25, 1], room * [0.75, 0.75, 1])
    # Below every lamp lies all but the ceiling: the renderer relies on it.
    spread = rng.uniform(0.02, 0.25)
    angles = rng.uniform(0, 2 * np.pi) + np.arange(3) * 2 * np.pi / 3
    ring = np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    warmth = rng.uniform(-0.15, 0.15)
    return Scene(
        room=room,
        surfaces={
            CLASSES.index(name): random_texture(rng, vivid=0.5, period=period)
            for name, period in (('floor', 0.5), ('wall', 0.4), ('ceiling', 1))
        },
        skirting=float(rng.choice([0.0, rng.uniform(0.05, 0.15)])),
        solids=furnisher.solids,
        lamps=lamp - [0, 0, 0.12] + ring * spread,
        lamp_colour=np.array([1 + warmth, 1.0, 1 - warmth], np.float32),
        ambient=rng.uniform(0.25, 0.55),
        camera=camera,
        axes=axes,
    )


def _random_camera(
    rng: np.random.Generator, room: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Position and axes of a camera near a wall that looks inwards."""
    angle = rng.uniform(0, 2 * np.pi)
    rim = np.array([np.cos(angle), np.sin(angle)])
    rim /= np.abs(rim).max()  # on the outline of a square: near a wall
    camera = np.append(
        room[:2] * (0.5 + 0.5 * rim) - rim * rng.uniform(0.3, 0.7, 2),
        rng.uniform(0.9, 1.9),
    )
    target = room[:2] * rng.uniform(0.3, 0.7, 2)
    heading, pitch = target - camera[:2], rng.uniform(-0.45, 0.05)
    heading *= np.cos(pitch) / np.linalg.norm(heading)
    forward = np.append(heading, np.sin(pitch))
    right = np.cross(forward, [0, 0, 1])
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    roll = rng.uniform(-0.1, 0.1)
    cos, sin = np.cos(roll), np.sin(roll)
    turned = [cos * right + sin * down, cos * down - sin * right, forward]
    return camera, np.stack(turned)
