"""Depth maps as coloured point clouds."""

from collections.abc import Sequence

import cv2
import numpy as np

from .depth_colours import is_known

EDGE = 1.1  # ratio of depths within 3x3 pixels
VERTEX = np.dtype([('position', '<f4', 3), ('colour', 'u1', 3)])
HEADER = """ply
format binary_little_endian 1.0
comment metres, camera coordinates: x right, y down, z forward
element vertex {count}
property float x
property float y
property float z
property uchar red
property uchar green
property uchar blue
end_header
"""


def back_project(depth: np.ndarray, intrinsics: Sequence[float]) -> np.ndarray:
    """Points in camera coordinates: x right, y down, z forward.

    Args:
        depth: (H, W) along the optical axis, metres.
        intrinsics: (fx, fy, cx, cy), pixels; the centre of the top left
            pixel is (0, 0).

    Returns:
        (H, W, 3) float32, metres.
    """
    fx, fy, cx, cy = intrinsics
    v, u = np.indices(depth.shape, np.float32)
    x, y = (u - cx) / fx * depth, (v - cy) / fy * depth
    return np.stack([x, y, depth], axis=-1).astype(np.float32)


def find_edges(depth: np.ndarray) -> np.ndarray:
    """Where depth (H, W) jumps: by more than 10 % within 3x3 pixels.

    A network smooths such jumps, and the pixels in between would float in
    the air.
    """
    depth = depth.astype(np.float32)
    kernel = np.ones((3, 3), np.uint8)
    return cv2.dilate(depth, kernel) > EDGE * cv2.erode(depth, kernel)


def coloured_points(
    image: np.ndarray,
    depth: np.ndarray,
    intrinsics: Sequence[float],
    drop_edges: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """One point for each known depth, row by row, and its colour.

    Args:
        image: (H, W, 3) uint8 RGB.
        depth: (H, W), metres; 0 and NaN give no point.
        intrinsics: See `back_project`.
        drop_edges: Leave out what `find_edges` finds.

    Returns:
        (N, 3) float32, metres, and (N, 3) uint8 RGB.
    """
    kept = is_known(depth)
    if drop_edges:
        kept &= ~find_edges(depth)
    return back_project(depth, intrinsics)[kept], image[kept]


def encode_ply(
    image: np.ndarray,
    depth: np.ndarray,
    intrinsics: Sequence[float],
    drop_edges: bool = False,
) -> bytes:
    """A binary PLY file of `coloured_points`, which see."""
    points, colours = coloured_points(image, depth, intrinsics, drop_edges)
    vertices = np.empty(len(points), VERTEX)
    vertices['position'], vertices['colour'] = points, colours
    header = HEADER.format(count=len(vertices)).encode('ascii')
    return header + vertices.tobytes()
