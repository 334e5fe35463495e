"""The colour augmentation that monocular depth papers share."""

from typing import Literal

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from ...registry import TRANSFORMS


@TRANSFORMS.register_module()
class DepthColorAug(BaseTransform):
    """Random gamma, brightness and colour cast; the depth is untouched.

    A value x of channel c becomes x ** gamma * brightness * colour_c,
    clipped and rounded to 8 bits. As BTS does it, x is on [0, 1]
    (`mode='unit'`). BinsFormer's toolbox, and GEDepth's, which is built on
    it, raise x on [0, 255] (`mode='mdet'`): a gamma of 0.9 then turns white
    to 147, one of 1.1 clips all above 154 to white. Published numbers of
    that family were trained so.

    BinsFormer: NYU `brightness_range=(0.75, 1.25)`; KITTI, and GEDepth's
    DDAD: all ranges (0.9, 1.1), the default; prob 0.5 each (KITTI's
    official benchmark: 1).

    Args:
        prob: chance of any change, 0..1.
        gamma_range: smallest and largest exponent.
        brightness_range: smallest and largest factor of the image.
        color_range: smallest and largest factor of one channel, drawn for
            each of them.
        mode: 'unit' or 'mdet', see above.
    """

    def __init__(
        self,
        prob: float = 0.5,
        gamma_range: tuple[float, float] = (0.9, 1.1),
        brightness_range: tuple[float, float] = (0.9, 1.1),
        color_range: tuple[float, float] = (0.9, 1.1),
        mode: Literal['unit', 'mdet'] = 'unit',
    ) -> None:
        if mode not in ('unit', 'mdet'):
            raise ValueError(f"mode={mode!r}: wanted 'unit' or 'mdet'")
        self.prob = prob
        self.gamma_range = gamma_range
        self.brightness_range = brightness_range
        self.color_range = color_range
        self.white = 1.0 if mode == 'unit' else 255.0

    def transform(self, results: dict) -> dict:
        """Change one image or not.

        Raises:
            TypeError: the image is not 8-bit.
        """
        image = results['img']
        if image.dtype != np.uint8:
            raise TypeError(
                f'{results.get("img_path")}: DepthColorAug wants 8-bit '
                f'images, got {image.dtype}. Load without to_float32, or '
                'leave it out for files of more bits'
            )
        if np.random.rand() < self.prob:
            gamma = np.random.uniform(*self.gamma_range)
            brightness = np.random.uniform(*self.brightness_range)
            count = 1 if image.ndim == 2 else image.shape[2]
            colors = np.random.uniform(*self.color_range, count)
            # 256 values per channel instead of a power for every pixel.
            level = np.linspace(0, self.white, 256)[:, None] ** gamma
            table = level * (brightness * colors) * (255 / self.white)
            table = np.rint(table.clip(0, 255)).astype(np.uint8)
            results['img'] = cv2.LUT(image, table[None])
        return results
