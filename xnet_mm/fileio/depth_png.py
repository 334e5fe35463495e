"""Depth maps as 16-bit PNG, which is how data sets store them."""

import cv2
import numpy as np
import torch

from ..checks import check_scale
from .finite import DEPTHS, check_finite

# 0 would be "not known", which a benchmark's server fills in as it likes.
LOWEST, HIGHEST = 1, 65535


def encode_depth(
    depth: np.ndarray, scale: float, path: str
) -> tuple[bytes, int]:
    """A PNG file of a depth map.

    Args:
        depth: (H, W), metres.
        scale: File units per metre: 1000 for millimetres, 256 as KITTI.
        path: Of the image, for the error.

    Returns:
        The file, `depth` x `scale` rounded and clipped to 1..65535, and the
        number of pixels that were clipped.

    Raises:
        ValueError: `depth` is not finite.
    """
    check_finite(torch.from_numpy(depth), path, DEPTHS)
    units, clipped = to_units(depth, scale)
    return cv2.imencode('.png', units)[1].tobytes(), clipped


def to_units(depth: np.ndarray, scale: float) -> tuple[np.ndarray, int]:
    """Metres to the values of a 16-bit file.

    Args:
        depth: (H, W), metres, finite.
        scale: file units per metre.

    Returns:
        uint16 (H, W), `depth` x `scale` rounded and clipped to 1..65535,
        and the number of pixels that were clipped.

    Raises:
        ValueError: no such scale.
    """
    check_scale(scale, 'depth_scale')
    units = np.rint(depth.astype(np.float64) * scale)
    clipped = np.clip(units, LOWEST, HIGHEST)
    return clipped.astype(np.uint16), int((clipped != units).sum())


def check_range(max_depth: float, scale: float) -> None:
    """Refuse a scale at which next to nothing of a range can be written.

    Args:
        max_depth: of the predictions, metres.
        scale: file units per metre.

    Raises:
        ValueError: under 16 steps, or under a 16th of the range, would be
            left; names a scale that fits.
    """
    if not 1 / 16 <= HIGHEST / (max_depth * scale) <= HIGHEST / 16:
        raise ValueError(
            f'depth_scale (--depth-scale) {scale:g} does not fit max_depth '
            f'{max_depth:g} m: '
            f'16 bits would hold {LOWEST / scale:g} to {HIGHEST / scale:g} m, '
            f'in steps of {1 / scale:g} m. Take 1000 (millimetres), 256 '
            f'(KITTI), or at most {HIGHEST / max_depth:.0f}.'
        )


def describe_range(scale: float) -> str:
    """What the format cannot say."""
    return (
        f'A 16-bit file x {scale:g} holds {LOWEST / scale:g} to '
        f'{HIGHEST / scale:g} m, what lies outside is clipped.'
    )


def describe_limit(scale: float) -> str:
    """What the format cannot say, and what to do about it."""
    return (
        f'{describe_range(scale)} A smaller --depth-scale reaches farther '
        '(256 as KITTI: 256 m).'
    )
