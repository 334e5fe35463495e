"""LiDAR points into a camera: pure numpy.

Camera frame: x right, y down, z forward, metres. Pixels: the top left
pixel's centre is (0, 0), so that pixel (0, 0) reaches from -0.5 to 0.5.
"""

from collections.abc import Sequence

import numpy as np


def move(points: np.ndarray, transform: np.ndarray) -> np.ndarray:
    """Points (N, 3) in the frame that `transform`, (4, 4), leads to."""
    return points @ transform[:3, :3].T + transform[:3, 3]


def relative_pose(to: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Transform from the frame of one sensor to that of another.

    Args:
        to: (4, 4), pose of the target sensor: from its frame to the world.
        start: (4, 4), the same of the sensor that the points come from.

    Returns:
        (4, 4), from `start`'s frame to `to`'s.
    """
    return np.linalg.inv(to) @ start


def project_nearest(
    points: np.ndarray, intrinsics: Sequence[float], shape: Sequence[int]
) -> np.ndarray:
    """Depth map of points: the nearest one of each pixel, nothing between.

    Args:
        points: (N, 3) in the camera's frame.
        intrinsics: (fx, fy, cx, cy) in pixels.
        shape: (height, width) of the image.

    Returns:
        (H, W) float32: z of the point in metres, which is not its distance
        from the camera; 0 where no point falls.
    """
    height, width = shape
    fx, fy, cx, cy = intrinsics
    points = points[points[:, 2] > 0]  # also drops NaN
    x, y, z = points.T
    # + 0.5 and floor: to the nearest pixel centre, ties to the right.
    column = np.floor(fx * x / z + cx + 0.5)
    row = np.floor(fy * y / z + cy + 0.5)
    seen = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    pixel = (row[seen] * width + column[seen]).astype(np.intp)
    nearest = np.full(height * width, np.inf, np.float32)
    np.minimum.at(nearest, pixel, z[seen].astype(np.float32))
    nearest[np.isinf(nearest)] = 0
    return nearest.reshape(height, width)
