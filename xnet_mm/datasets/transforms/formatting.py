"""Packing a sample for the model."""

from collections.abc import Sequence

import numpy as np
from mmseg.datasets.transforms import PackSegInputs

from ...registry import TRANSFORMS

META_KEYS = (
    'img_path',
    'depth_map_path',
    'ori_shape',
    'img_shape',
    'pad_shape',
    'scale_factor',
    'flip',
    'flip_direction',
    'intrinsics',
    'crop_box',
)


@TRANSFORMS.register_module()
class PackDepthInputs(PackSegInputs):
    """mmseg's PackSegInputs with what depth needs.

    `inputs` is the image, (3, H, W) uint8 BGR; `data_samples.gt_depth_map`
    the ground truth, (1, h, w) float32 metres, if the sample has one.

    Args:
        meta_keys: entries of the sample that travel as `metainfo`, those
            that it has.
    """

    def __init__(self, meta_keys: Sequence[str] = META_KEYS) -> None:
        super().__init__(meta_keys=tuple(meta_keys))

    def transform(self, results: dict) -> dict:
        """Pack one sample."""
        if 'gt_depth_map' in results:
            # Flips leave negative strides, which torch does not take.
            depth = np.ascontiguousarray(results['gt_depth_map'], np.float32)
            results = {**results, 'gt_depth_map': depth}
        return super().transform(results)
