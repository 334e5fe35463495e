"""Resizes that invent no depth.

A depth map is never interpolated: between a chair and the wall behind it,
or between a depth and 0 (no ground truth), the mean is a surface that does
not exist.
"""

from collections.abc import Sequence
from typing import Any

import cv2
import mmcv
import numpy as np
from mmcv.transforms import BaseTransform

from ...registry import TRANSFORMS
from .in_step import check_in_step, resize_intrinsics

INTERPOLATIONS = {'bilinear': cv2.INTER_LINEAR, 'area': cv2.INTER_AREA}


@TRANSFORMS.register_module()
class DepthResize(BaseTransform):
    """Resize the image, and take each depth from the nearest pixel.

    Depth values stay as they are: they are metres, whatever the size (the
    intrinsics say that the focal length changed). At test leave the truth
    at its own size, for predictions are resized to it: `LoadDepth` then
    comes after this. Sparse LiDAR depth that is shrunk loses points here;
    see `DepthSplatResize`.

    Args:
        scale: (width, height), as of mmcv's `Resize`.
        keep_ratio: fit into `scale` (in either orientation) instead of
            filling it.
        interpolation: of the image: 'bilinear', or 'area' to shrink without
            aliasing.
    """

    def __init__(
        self,
        scale: Sequence[int],
        keep_ratio: bool = False,
        interpolation: str = 'bilinear',
    ) -> None:
        if interpolation not in INTERPOLATIONS:
            raise ValueError(
                f'interpolation={interpolation!r}: wanted one of '
                f'{", ".join(INTERPOLATIONS)}'
            )
        width, height = scale
        self.scale = width, height
        self.keep_ratio = keep_ratio
        self.interpolation = interpolation

    def choose_scale(self) -> tuple[int, int]:
        """(width, height) to resize to."""
        return self.scale

    def transform(self, results: dict) -> dict:
        """Resize one sample."""
        check_in_step(results, self)
        height, width = results['img'].shape[:2]
        size = self.choose_scale()
        if self.keep_ratio:
            size = mmcv.rescale_size((width, height), size)
        resize(results, size, INTERPOLATIONS[self.interpolation])
        return results


@TRANSFORMS.register_module()
class DepthRandomResize(DepthResize):
    """Resize by a random ratio, the depth as in `DepthResize`.

    GEDepth on DDAD: `scale=(640, 384), ratio_range=(0.5, 2.0)`, depth
    values not rescaled.

    Args:
        scale: (width, height) that the ratio refers to.
        ratio_range: smallest and largest ratio.
        **kwargs: those of `DepthResize`.
    """

    def __init__(
        self,
        scale: Sequence[int],
        ratio_range: tuple[float, float],
        **kwargs: Any,
    ) -> None:
        super().__init__(scale, **kwargs)
        self.ratio_range = ratio_range

    def choose_scale(self) -> tuple[int, int]:
        """(width, height) to resize to."""
        ratio = np.random.uniform(*self.ratio_range)
        return int(self.scale[0] * ratio), int(self.scale[1] * ratio)


@TRANSFORMS.register_module()
class DepthSplatResize(BaseTransform):
    """Shrink the image by area, and carry every LiDAR point along.

    GEDepth's first step on DDAD, `scale=(640, 384)`, for training. A point
    at pixel (u, v) goes to floor(u * width / old width), floor(v * height /
    old height); where several meet the nearest stays, as it hides those
    behind it. (In that code, which is packnet-sfm's, the one stays that is
    last in the order of pixels.)

    Args:
        scale: (width, height).
    """

    def __init__(self, scale: Sequence[int]) -> None:
        self.scale = tuple(scale)

    def transform(self, results: dict) -> dict:
        """Resize one sample."""
        check_in_step(results, self)
        old_shape = results['img'].shape[:2]
        results['img'] = cv2.resize(
            results['img'], self.scale, interpolation=cv2.INTER_AREA
        )
        if 'gt_depth_map' in results:
            results['gt_depth_map'] = splat(
                results['gt_depth_map'], self.scale
            )
        record_resize(results, old_shape)
        return results


def splat(depth: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """Carry the points of `depth`, (H, W), to a map of `size` (w, h)."""
    rows, columns = np.nonzero(depth)
    # Integers: the floor of u * (w / W) in floats may be one too small.
    rows_to = rows * size[1] // depth.shape[0]
    columns_to = columns * size[0] // depth.shape[1]
    nearest = np.full(size[::-1], np.inf, depth.dtype)
    np.minimum.at(nearest, (rows_to, columns_to), depth[rows, columns])
    nearest[np.isinf(nearest)] = 0
    return nearest


def resize(results: dict, size: Sequence[int], interpolation: int) -> None:
    """Bring image and depth to `size` (width, height)."""
    height, width = results['img'].shape[:2]
    results['img'] = cv2.resize(
        results['img'], size, interpolation=interpolation
    )
    if 'gt_depth_map' in results:
        # INTER_NEAREST takes a pixel's top left corner, which moves depth
        # against the image by up to half a pixel of the larger of the two.
        results['gt_depth_map'] = cv2.resize(
            results['gt_depth_map'],
            size,
            interpolation=cv2.INTER_NEAREST_EXACT,
        )
    record_resize(results, (height, width))


def record_resize(results: dict, old_shape: Sequence[int]) -> None:
    """Set what follows from a resize that came from `old_shape`."""
    height, width = results['img'].shape[:2]
    scale = (width / old_shape[1], height / old_shape[0])
    results['img_shape'] = (height, width)
    results['scale_factor'] = scale
    resize_intrinsics(results, scale)
