"""Flip and rotation of image, depth and intrinsics."""

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from ...registry import TRANSFORMS
from .in_step import check_in_step


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
