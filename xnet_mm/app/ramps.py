"""Where a predicted depth map leads from one thing to the next."""

import cv2
import numpy as np

from ..visualization.depth_colours import is_known

STEEP = 4.0  # metres away for one sideways: 76 degrees off the image plane
BENT = 0.1  # of the inverse depth, off a straight line over REACH
REACH = 0.015  # of the image's longer side, on both sides


def find_ramps(depth: np.ndarray, focal: float) -> np.ndarray:
    """Where depth (H, W) climbs from a thing to what lies behind it.

    A network draws the jump over many pixels, none of which is a jump to
    `visualization.point_cloud.find_edges`; as points they are sheets in the
    air. They are steep, which a floor in the distance is too. But planes
    have an inverse depth that is linear in the image, whatever the camera,
    and a ramp is bent at both of its ends.

    Args:
        depth: metres; 0 and NaN are not known.
        focal: length, pixels.

    Returns:
        (H, W) bool.
    """
    known = is_known(depth)
    inverse = (1 / np.where(known, depth, np.inf)).astype(np.float32)
    floor = np.maximum(inverse, np.finfo(np.float32).tiny)
    right, down = (
        cv2.Sobel(inverse, cv2.CV_32F, *axes, ksize=3, scale=1 / 8)
        for axes in ((1, 0), (0, 1))
    )
    steep = focal * np.hypot(right, down) > STEEP * floor
    reach = max(1, round(REACH * max(depth.shape)))
    bent = np.zeros(depth.shape, bool)
    for axis in (0, 1):
        room = [(reach, reach) if a == axis else (0, 0) for a in (0, 1)]
        wide = np.pad(inverse, room, mode='edge')
        there = known.shape[axis]
        before, after = (
            np.take(wide, np.arange(start, start + there), axis)
            for start in (0, 2 * reach)
        )
        bend = np.abs(before + after - 2 * inverse) > BENT * floor
        # At the border the line has no second half.
        edge = np.zeros(there, bool)
        edge[reach : there - reach] = True
        bent |= bend & (edge[:, None] if axis == 0 else edge[None])
    kernel = np.ones((2 * reach + 1,) * 2, np.uint8)
    near = cv2.dilate(bent.astype(np.uint8), kernel).astype(bool)
    return steep & near
