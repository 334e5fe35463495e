"""LiDAR points into a camera: pure numpy.

Camera frame: x right, y down, z forward, metres. Pixels: the top left
pixel's centre is (0, 0), so that pixel (0, 0) reaches from -0.5 to 0.5.

Two conventions say which pixel a point falls into, and which point stays
where several fall into one; `CONVENTIONS` has them by name.
"""

from collections.abc import Callable, Sequence

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
    z, column, row = _project(points, intrinsics)
    # + 0.5 and floor: to the nearest pixel centre, ties to the right.
    column, row = np.floor(column + 0.5), np.floor(row + 0.5)
    seen, pixel = _pixels(column, row, shape)
    nearest = np.full(np.prod(shape), np.inf, np.float32)
    np.minimum.at(nearest, pixel, z[seen].astype(np.float32))
    nearest[np.isinf(nearest)] = 0
    return nearest.reshape(shape)


def project_dgp(
    points: np.ndarray, intrinsics: Sequence[float], shape: Sequence[int]
) -> np.ndarray:
    """Depth map as TRI-ML's dgp makes it, which its users evaluate on.

    Its `generate_depth_map` casts coordinates to int, which cuts towards
    zero: pixel k reaches from k to k + 1, half a pixel off its centre, and
    the first row and column from -1 to 1. Of several points in a pixel the
    one that comes last in the sweep stays, near or far.

    Args:
        points: (N, 3) in the camera's frame, in the order of the sweep.
        intrinsics: (fx, fy, cx, cy) in pixels.
        shape: (height, width) of the image.

    Returns:
        (H, W) float32, as `project_nearest`.
    """
    z, column, row = _project(points, intrinsics)
    seen, pixel = _pixels(np.trunc(column), np.trunc(row), shape)
    # Not `depth[pixel] = z`: of equal indices numpy promises no order.
    last = np.full(np.prod(shape), -1)
    np.maximum.at(last, pixel, np.arange(len(pixel)))
    depth = np.append(z[seen], 0).astype(np.float32)[last]
    return depth.reshape(shape)


CONVENTIONS: dict[str, Callable[..., np.ndarray]] = {
    'nearest': project_nearest,
    'dgp': project_dgp,
}


def _project(
    points: np.ndarray, intrinsics: Sequence[float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """z, column and row of the points before the camera, (n,) each."""
    fx, fy, cx, cy = intrinsics
    x, y, z = points[points[:, 2] > 0].T  # also drops NaN
    return z, fx * x / z + cx, fy * y / z + cy


def _pixels(
    column: np.ndarray, row: np.ndarray, shape: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Which points (n,) fall into the image, and the pixel of those."""
    height, width = shape
    seen = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    return seen, (row[seen] * width + column[seen]).astype(np.intp)
