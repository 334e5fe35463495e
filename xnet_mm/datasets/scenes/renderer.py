"""Pictures of the generated rooms: surfaces, light and anti-aliasing."""

import numpy as np

from .details import DETAILS
from .layout import CLASSES, Scene, Solid, random_scene
from .raycast import ROOM, cast, leave_room, ray_directions, turn
from .textures import colour_at, noise_tile

FLOOR, WALL, CEILING = (
    CLASSES.index(name) for name in ('floor', 'wall', 'ceiling')
)
SHADOW_BIAS = 3e-3  # metres; a surface never shades itself
EDGE = 28  # grey levels between neighbours that call for more rays
# Offsets in pixels of the extra rays there: a triangle about the centre's.
EXTRA_RAYS = ((0.05, -0.38), (0.32, 0.24), (-0.36, 0.16))
LAMP_AXES = np.array([[1, 0, 0], [0, -1, 0], [0, 0, -1]], np.float32)


def camera_matrix(size: tuple[int, int]) -> np.ndarray:
    """Intrinsics K (3, 3) in pixels for a `(width, height)`.

    The centre of the top left pixel is (0, 0); the lens spans 64 degrees.
    """
    width, height = size
    focal = 0.8 * width
    return np.array(
        [
            [focal, 0, (width - 1) / 2],
            [0, focal, (height - 1) / 2],
            [0, 0, 1],
        ]
    )


def render_scene(
    seed: int, index: int, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make a room and take its picture.

    The same arguments give the same picture; the room and the camera do not
    depend on `size`.

    Args:
        seed: of the data set.
        index: of the picture.
        size: `(width, height)` in pixels.

    Returns:
        RGB image (H, W, 3) uint8; class ids (H, W) uint8, see `CLASSES`;
        depth (H, W) float32 in metres: the z distance along the optical axis
        (not the length of the ray) of the surface at the pixel's centre.
    """
    rng = np.random.default_rng([seed, index])
    scene = random_scene(rng)
    tile = noise_tile(rng)
    width, height = size
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    u, v = _image_plane(columns.ravel(), rows.ravel(), size)
    light, label, depth = _shade(scene, tile, u, v)

    exposure = rng.uniform(0.5, 0.85) / np.quantile(light, 0.93)
    image = _develop(light, exposure).reshape(3, height, width)
    edges = _edges(image, label.reshape(height, width))
    y, x = np.nonzero(edges)
    if x.size:
        offsets = np.array(EXTRA_RAYS)[:, :, None]
        u, v = _image_plane(
            (x + offsets[:, 0]).ravel(), (y + offsets[:, 1]).ravel(), size
        )
        extra = _develop(_shade(scene, tile, u, v)[0], exposure)
        extra = extra.reshape(3, len(offsets), -1).sum(axis=1)
        image[:, edges] = (image[:, edges] + extra) / (len(offsets) + 1)
    sensor = rng.standard_normal(image.shape, np.float32)
    sensor *= np.float32(rng.uniform(0, 4))
    image = np.clip(np.rint(image + sensor), 0, 255).astype(np.uint8)
    return (
        np.ascontiguousarray(image.transpose(1, 2, 0)),
        label.reshape(height, width),
        depth.reshape(height, width),
    )


def _image_plane(
    x: np.ndarray, y: np.ndarray, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Pixel coordinates to the plane at depth one, float32."""
    k = camera_matrix(size)
    u, v = (x - k[0, 2]) / k[0, 0], (y - k[1, 2]) / k[1, 1]
    return u.astype(np.float32), v.astype(np.float32)


def _develop(light: np.ndarray, exposure: float) -> np.ndarray:
    """Linear light to grey levels 0 to 255; highlights roll off."""
    x = light * np.float32(exposure)
    x = np.where(x < 0.8, x, 1 - 0.2 * np.exp((0.8 - x) / 0.2))
    return 255 * x ** np.float32(1 / 2.2)


def _edges(image: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Pixels (H, W) that differ clearly from one beside or below them."""
    down = np.abs(np.diff(image, axis=1)).max(axis=0) > EDGE
    down |= label[1:] != label[:-1]
    right = np.abs(np.diff(image, axis=2)).max(axis=0) > EDGE
    right |= label[:, 1:] != label[:, :-1]
    edges = np.zeros(label.shape, bool)
    edges[1:] |= down
    edges[:-1] |= down
    edges[:, 1:] |= right
    edges[:, :-1] |= right
    return edges


def _shade(
    scene: Scene, tile: np.ndarray, u: np.ndarray, v: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Linear RGB (3, N), class id (N,) uint8 and depth (N,) of camera rays."""
    rays = ray_directions(scene.axes, u, v)
    depth, axis = leave_room(scene.room, scene.camera, rays)
    hit = cast(scene.solids, scene.camera, scene.axes, u, v, depth)
    points = scene.camera.astype(np.float32)[:, None] + depth * rays
    normal, label = _room_surface(axis, rays)
    albedo = np.empty_like(points)
    shine = np.zeros_like(depth)
    gloss = np.zeros_like(depth)
    for name in (FLOOR, WALL, CEILING):
        where = np.flatnonzero((hit == ROOM) & (label == name))
        albedo[:, where] = _room_colour(scene, name, points[:, where], tile)
        gloss[where] = scene.surfaces[name].gloss * 0.4
    for index in np.unique(hit[hit != ROOM]):
        solid, where = scene.solids[index], np.flatnonzero(hit == index)
        label[where] = solid.label
        gloss[where] = solid.texture.gloss
        normal[:, where], albedo[:, where], shine[where] = _solid_surface(
            solid, points[:, where], tile
        )
    light = _light(scene, points, normal)
    light += gloss * _highlight(scene, points, normal, rays)
    return albedo * (light * (1 - shine) + 1.3 * shine), label, depth


def _room_surface(
    axis: np.ndarray, rays: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Inward normals (3, N) and class ids (N,) of floor, walls, ceiling."""
    numbers = np.arange(3)[:, None]
    normal = np.where(axis == numbers, -np.sign(rays), np.float32(0))
    level = np.where(rays[2] < 0, np.uint8(FLOOR), np.uint8(CEILING))
    return normal, np.where(axis == 2, level, np.uint8(WALL))


def _room_colour(
    scene: Scene, name: int, points: np.ndarray, tile: np.ndarray
) -> np.ndarray:
    """Albedo (3, N); darker in the corners, where less light arrives."""
    x, y, z = points
    texture, room = scene.surfaces[name], scene.room.astype(np.float32)
    if name == WALL:
        # x + y runs along any of the four walls.
        colour = colour_at(texture, x + y, z, tile)
        colour[:, z < scene.skirting] *= np.float32(0.35)
        gaps = [z, room[2] - z]
    else:
        colour = colour_at(texture, x, y, tile)
        gaps = []
    gaps += [x, room[0] - x, y, room[1] - y]
    for gap in gaps:
        # A wall's own distance is zero everywhere: no corner.
        corner = np.exp(np.maximum(gap, 0) / np.float32(-0.2))
        colour *= 1 - 0.3 * np.where(gap < 1e-4, 0, corner)
    return colour


def _solid_surface(
    solid: Solid, points: np.ndarray, tile: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Normals (3, N), albedo (3, N) and own shine (N,) on a solid."""
    rotation = turn(solid.yaw)
    local = rotation @ (points - solid.centre.astype(np.float32)[:, None])
    x, y, z = local
    half = solid.half.astype(np.float32)
    relative = local / half[:, None]
    if solid.shape == 'ball':
        normal = relative / np.linalg.norm(relative, axis=0)
        around, up = np.arctan2(y, x), np.arcsin(np.clip(normal[2], -1, 1))
        colour = colour_at(solid.texture, around * half[0], up * half[0], tile)
    elif solid.shape == 'cylinder':
        cap = np.abs(relative[2]) > np.hypot(relative[0], relative[1])
        normal = np.where(cap, [[0], [0], [1]] * np.sign(z), relative)
        normal[2, ~cap] = 0
        around = np.arctan2(y, x) * half[0]
        colour = colour_at(
            solid.texture, np.where(cap, x, around), np.where(cap, y, z), tile
        )
    else:
        face = np.abs(relative).argmax(axis=0)
        signs = np.sign(np.take_along_axis(local, face[None], axis=0))
        normal = np.eye(3, dtype=np.float32)[face].T * signs
        colour = colour_at(
            solid.texture,
            np.where(face == 0, y, x),
            np.where(face == 2, y, z),
            tile,
        )
    shine = np.zeros_like(x)
    if solid.detail:
        front = np.flatnonzero(normal[1] < -0.5)
        drawn = colour[:, front]
        shine[front] = DETAILS[solid.detail](
            drawn, x[front], z[front], half, tile
        )
        colour[:, front] = drawn
    return rotation.T @ normal.astype(np.float32), colour, shine


def _light(scene: Scene, points: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Light (3, N) that arrives: ambient plus each lamp (Lambert's law)."""
    # What faces the lit floor or the ceiling gets a little more.
    light = scene.ambient * (1 + np.float32(0.25) * normal[2] ** 2)
    light = np.stack([light] * 3).astype(np.float32)
    share = (1 - scene.ambient) * 5 / len(scene.lamps)
    colour = (share * scene.lamp_colour).astype(np.float32)[:, None]
    for lamp in scene.lamps.astype(np.float32):
        x, y, z = points - lamp[:, None]
        squared = x * x + y * y + z * z
        cosine = -(x * normal[0] + y * normal[1] + z * normal[2])
        cosine /= np.sqrt(squared)
        # Beside the lamp or higher is only the ceiling: nothing in between.
        below = np.flatnonzero((cosine > 0) & (z < -0.02))
        drop = -z[below]
        u, v = x[below] / drop, -y[below] / drop
        blocker = cast(scene.solids, lamp, LAMP_AXES, u, v, drop - SHADOW_BIAS)
        cosine[below[blocker != ROOM]] = 0
        light += colour * (np.maximum(cosine, 0) / (1 + squared))
    return light


def _highlight(
    scene: Scene, points: np.ndarray, normal: np.ndarray, rays: np.ndarray
) -> np.ndarray:
    """Blinn's highlight (N,) of the lamps' middle."""
    to_lamp = scene.lamps.mean(axis=0).astype(np.float32)[:, None] - points
    halfway = to_lamp / _length(to_lamp) - rays / _length(rays)
    cosine = (halfway * normal).sum(axis=0) / _length(halfway)
    return np.maximum(cosine, 0) ** 40


def _length(vectors: np.ndarray) -> np.ndarray:
    x, y, z = vectors
    return np.sqrt(x * x + y * y + z * z)
