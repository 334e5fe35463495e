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


def encode_ply(
    image: np.ndarray,
    depth: np.ndarray,
    intrinsics: Sequence[float],
    drop_edges: bool = False,
) -> bytes:
    """A binary PLY file with one coloured vertex for each known depth.

    Args:
        image: (H, W, 3) uint8 RGB.
        depth: (H, W), metres; 0 and NaN give no point.
        intrinsics: See `back_project`.
        drop_edges: Leave out what `find_edges` finds.
    """
    kept = is_known(depth)
    if drop_edges:
        kept &= ~find_edges(depth)
    vertices = np.empty(int(kept.sum()), VERTEX)
    vertices['position'] = back_project(depth, intrinsics)[kept]
    vertices['colour'] = image[kept]
    header = HEADER.format(count=len(vertices)).encode('ascii')
    return header + vertices.tobytes()
