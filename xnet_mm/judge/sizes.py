"""Brings a prediction and its truth to the size that a protocol looks at."""

import numpy as np
import torch
import torch.nn.functional as F

from ..datasets.transforms.crop import KB_HEIGHT, KB_WIDTH, kb_box
from ..evaluation.depth_protocols import KITTI_MAP, DepthProtocol

KB_CROP = 'KB crop'
# GEDepth enlarges its maps of 384x640 so: protocols that say how.
RESIZED = {'ddad': 'bilinear, align_corners=True'}


def fit_sizes(
    protocol: DepthProtocol, pred: np.ndarray, gt: np.ndarray, where: str
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Both maps at one size, and what was done to them.

    KITTI's Eigen protocols look at the KB crop: what is larger is cut to it,
    each side by itself, as `xnet_mm.KBCrop` does in a test. DDAD's enlarges
    predictions as GEDepth does.

    Args:
        protocol: Which one.
        pred: (h, w), metres.
        gt: (H, W), metres.
        where: The prediction's file, for the error.

    Returns:
        Both (H, W) float32, and what was done, in words.

    Raises:
        ValueError: they differ in size, and the protocol does not resize;
            or not the size that the protocol is for.
    """
    done = []
    # Two sizes of which none is the crop's are not of one image.
    crops = pred.shape == gt.shape or KITTI_MAP in (pred.shape, gt.shape)
    if protocol.map_size == KITTI_MAP and crops:
        cut = [_cut(depth) for depth in (pred, gt)]
        for what, before, after in zip(
            ('predictions', 'truth'), (pred, gt), cut, strict=True
        ):
            if before.shape != after.shape:
                done.append(f'{what} cut to the {KB_CROP}')
        pred, gt = cut
    if pred.shape != gt.shape and protocol.name in RESIZED:
        done.append(f'predictions resized ({RESIZED[protocol.name]})')
        pred = _resize(pred, gt.shape)
    if pred.shape != gt.shape:
        raise ValueError(
            f'{where}: the prediction has {_size(pred)} pixels, its truth '
            f'{_size(gt)} (height x width), and {protocol.name} does not '
            'say how to resize. Bring the prediction to the size of the truth'
        )
    height, width = gt.shape
    protocol.check_size(height, width, where)
    return pred, gt, tuple(done)


def _cut(depth: np.ndarray) -> np.ndarray:
    """The KB crop of a map that is larger; another one as it is."""
    height, width = depth.shape
    if height < KB_HEIGHT or width < KB_WIDTH:
        return depth
    top, left, height, width = kb_box(height, width)
    return depth[top : top + height, left : left + width]


def _resize(depth: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    field = torch.from_numpy(depth)[None, None]
    return F.interpolate(
        field, size=size, mode='bilinear', align_corners=True
    )[0, 0].numpy()


def _size(depth: np.ndarray) -> str:
    return '{}x{}'.format(*depth.shape)
