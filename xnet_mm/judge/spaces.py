"""What the numbers of predictions are: depth, its inverse, or disparity."""

from dataclasses import replace
from math import nan
from typing import Literal, get_args

import torch
from torch import Tensor

from ..evaluation.depth_alignment import (
    AlignedFigures,
    Fit,
    aligned_range,
    measure_aligned,
    measure_disparity,
)
from ..evaluation.depth_protocols import DepthProtocol

# Depth; 1/depth with a scale that is known; that with neither scale nor
# shift known, as MiDaS and Depth Anything predict it.
Space = Literal['depth', 'inverse_depth', 'disparity']
SPACES = get_args(Space)
IN_DISPARITY = 'scale_shift_disparity'


def to_depth(
    space: Space, protocol: DepthProtocol, values: Tensor, gt: Tensor
) -> Tensor:
    """The depth map that is judged and drawn.

    Of disparities it is what `measure_disparity` makes of them: no other
    depth is known.

    Args:
        space: What the values are.
        protocol: Which pixels count.
        values: (H, W) as predicted: metres, 1/m or without a unit.
        gt: (H, W), metres, 0 = none.

    Returns:
        (H, W) float32 metres.
    """
    if space == 'depth':
        return values
    if space == 'inverse_depth' or not count_pixels(protocol, gt):
        return _reciprocal(protocol, values)
    return measure_disparity(protocol, values, gt)[0].float()


def count_pixels(protocol: DepthProtocol, gt: Tensor) -> int:
    """How many pixels of a true map count by the protocol."""
    return len(protocol.select(gt, gt)[1])


def measure_space(
    space: Space, protocol: DepthProtocol, values: Tensor, gt: Tensor
) -> dict[str, AlignedFigures]:
    """The figures of one image after each alignment.

    Least squares in disparity are those of the values themselves, where they
    are that. A disparity of unknown shift has no least squares in depth.

    Args:
        space: What the values are.
        protocol: Which pixels count, and which figures.
        values: (H, W) as predicted, finite.
        gt: (H, W), metres, 0 = none; at least one pixel counts.

    Returns:
        One for each of `ALIGNMENTS`, in order.
    """
    if space == 'depth':
        return measure_aligned(protocol, values, gt)
    depth = _reciprocal(protocol, values)
    if space == 'inverse_depth':
        found = measure_aligned(protocol, depth, gt)
    else:
        found = measure_aligned(protocol, depth, gt, ['median'])
        found['scale_shift'] = AlignedFigures(Fit(nan, nan), ())
    found[IN_DISPARITY] = measure_disparity(protocol, values, gt)[1]
    return found


def count_without_depth(
    space: Space, protocol: DepthProtocol, values: Tensor, gt: Tensor
) -> int:
    """Pixels that count where 0 or less was predicted.

    A disparity may be that: its shift is not known.
    """
    if space == 'disparity':
        return 0
    chosen, _ = replace(protocol, clamp=None).select(values, gt)
    return int((chosen <= 0).sum())


def _reciprocal(protocol: DepthProtocol, values: Tensor) -> Tensor:
    """(H, W) float32 metres; what has none is as far as it gets."""
    depth = values.reciprocal()
    known = (values > 0) & depth.isfinite()
    return torch.where(known, depth, aligned_range(protocol)[1])
