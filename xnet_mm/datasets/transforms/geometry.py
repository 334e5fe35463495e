"""Flip, rotation and resizes; none invents a depth.

A depth map is never interpolated: between a chair and the wall behind it,
or between a depth and 0 (no ground truth), the mean is a surface that does
not exist.
"""

from collections.abc import Sequence

import cv2
import mmcv
import numpy as np
from mmcv.transforms import BaseTransform

from ...registry import TRANSFORMS
from .in_step import check_in_step, resize_intrinsics

INTERPOLATIONS = {'bilinear': cv2.INTER_LINEAR, 'area': cv2.INTER_AREA}


@TRANSFORMS.register_module()
class DepthRandomFlip(BaseTransform):
    """Mirror left and right with a chance of `prob`.

    BinsFormer 0.5 (NYU and KITTI), GEDepth 0.0 (DDAD). Sets `flip` and
    `flip_direction`, by which the estimator turns a prediction back: at
    test, `LoadDepth` comes after this. The intrinsics are those of the
    mirrored scene.

    Args:
        prob: chance of a flip, 0..1.
    """

    def __init__(self, prob: float = 0.5) -> None:
        self.prob = prob

    def transform(self, results: dict) -> dict:
        """Flip one sample or not."""
        check_in_step(results, self)
        results['flip'] = bool(np.random.rand() < self.prob)
        results['flip_direction'] = 'horizontal' if results['flip'] else None
        if not results['flip']:
            return results
        for key in ('img', 'gt_depth_map'):
            if key in results:
                results[key] = cv2.flip(results[key], 1)
        if results.get('intrinsics') is not None:
            fx, fy, cx, cy = results['intrinsics']
            width = results['img'].shape[1]
            results['intrinsics'] = (fx, fy, width - 1 - cx, cy)
        return results


@TRANSFORMS.register_module()
class DepthRandomRotate(BaseTransform):
    """Turn about the image's centre by up to `degree` with chance `prob`.

    The size stays; the image is sampled bilinearly, the depth from the
    nearest pixel, and what comes from outside is black and without ground
    truth. BinsFormer and GEDepth: prob 0.5, 2.5 degrees; BTS, AdaBins and
    NeWCRFs turn KITTI by 1 degree.

    A roll of the camera: depth along the axis stays right, and so do the
    intrinsics if fx = fy (NYU's differ by 0.1 %).

    Args:
        prob: chance of a turn, 0..1.
        degree: largest angle, drawn evenly from -degree..degree.
    """

    def __init__(self, prob: float = 0.5, degree: float = 2.5) -> None:
        self.prob = prob
        self.degree = degree

    def transform(self, results: dict) -> dict:
        """Turn one sample or not."""
        check_in_step(results, self)
        if np.random.rand() < self.prob:
            angle = np.random.uniform(-self.degree, self.degree)
            rotate(results, angle)
        return results


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
        self.scale = tuple(scale)
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
        ratio_range: Sequence[float],
        **kwargs: object,
    ) -> None:
        super().__init__(scale, **kwargs)
        self.ratio_range = tuple(ratio_range)

    def choose_scale(self) -> tuple[int, int]:
        """(width, height) to resize to."""
        ratio = np.random.uniform(*self.ratio_range)
        return int(self.scale[0] * ratio), int(self.scale[1] * ratio)


def rotate(results: dict, angle: float) -> None:
    """Turn image and depth clockwise by `angle` degrees."""
    height, width = results['img'].shape[:2]
    centre = ((width - 1) / 2, (height - 1) / 2)
    matrix = cv2.getRotationMatrix2D(centre, -angle, 1.0)
    for key, flag in (
        ('img', cv2.INTER_LINEAR),
        ('gt_depth_map', cv2.INTER_NEAREST),
    ):
        if key in results:
            results[key] = cv2.warpAffine(
                results[key], matrix, (width, height), flags=flag
            )
    if results.get('intrinsics') is not None:
        fx, fy, *point = results['intrinsics']
        results['intrinsics'] = (fx, fy, *(matrix @ (*point, 1)).tolist())


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
