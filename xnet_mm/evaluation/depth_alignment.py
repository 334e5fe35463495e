"""Figures of a depth map that is right but for its scale, or its shift.

An alignment is fitted to each image, over the pixels that count there by the
protocol (range and crop), before predictions are clamped; what it gives is
clamped. Three are in use:

- **median**: d * median(g) / median(d). Zhou et al., "Unsupervised learning
  of depth and ego-motion from video", CVPR 2017, and all that train without
  depth since (Monodepth2).
- **scale and shift**: s * d + t with the least squares of s * d + t - g.
  Ranftl et al., "Towards robust monocular depth estimation: mixing datasets
  for zero-shot cross-dataset transfer" (MiDaS), TPAMI 2022, fit it; in the
  space of depth as here: Marigold (Ke et al., CVPR 2024), GeoWizard.
- **scale and shift of disparity**: 1 / (s / d + t) with the least squares of
  s / d + t - 1 / g, which is MiDaS's own space, for models that predict
  disparity up to an affine map (MiDaS, Depth Anything). Far pixels weigh
  next to nothing there. Of files that hold disparities it is fitted to these
  themselves (`measure_disparity`), then inverted.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from math import nan
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..fileio.depth_png import HIGHEST, LOWEST
from .depth_files import KITTI
from .depth_functional import FUNCTIONS
from .depth_protocols import DepthProtocol

# What KITTI's files hold, metres: for protocols that do not clamp.
NEAREST, FARTHEST = LOWEST / KITTI, HIGHEST / KITTI


class Fit(NamedTuple):
    """What an image was aligned by; nan where it cannot be.

    Attributes:
        scale: Factor of depth, or of disparity.
        shift: Added to the product: metres, or 1/m.
    """

    scale: float
    shift: float


class AlignedFigures(NamedTuple):
    """Figures of one image after an alignment.

    Attributes:
        fit: What it was aligned by.
        values: One for each key of the protocol, in order; empty where there
            is no alignment (a median of 0 or below).
    """

    fit: Fit
    values: tuple[float, ...]


def fit_median(pred: Tensor, gt: Tensor) -> Fit:
    """The scale that makes the medians equal; the shift is 0.

    The median of an even number of pixels is the mean of the inner two, as
    NumPy has it.

    Args:
        pred: (N,), metres or any unit.
        gt: (N,), metres, N > 0.

    Returns:
        A scale of nan where the median of `pred` is not above 0.
    """
    middle = float(np.median(pred.numpy()))
    if middle <= 0:
        return Fit(nan, 0.0)
    return Fit(float(np.median(gt.numpy())) / middle, 0.0)


def fit_least_squares(pred: Tensor, gt: Tensor) -> Fit:
    """The scale and shift of least sum of (scale * d + shift - g)^2.

    Of a prediction that is the same everywhere only the shift is known: the
    mean of the truth, and the scale is 0.

    Args:
        pred: (N,) float64, any unit.
        gt: (N,) float64, N > 0.
    """
    # About the means: the sums of squares of far depths would cancel.
    mean, mean_gt = pred.mean(), gt.mean()
    offset = pred - mean
    variance = offset.square().mean()
    # Rounding leaves a constant map a variance: not of its values.
    flat = variance <= (1e-12 * mean).square()
    covariance = (offset * (gt - mean_gt)).mean()
    scale = 0.0 if flat else float(covariance / variance)
    return Fit(scale, float(mean_gt) - scale * float(mean))


def align_median(
    pred: Tensor, gt: Tensor, near: float, far: float
) -> tuple[Tensor, Fit]:
    """(N,) depths of the truth's median, clamped to near..far; metres."""
    fit = fit_median(pred, gt)
    return (pred * fit.scale).clamp(near, far), fit


def align_depth(
    pred: Tensor, gt: Tensor, near: float, far: float
) -> tuple[Tensor, Fit]:
    """(N,) depths, least squares in depth, clamped to near..far; metres."""
    fit = fit_least_squares(pred, gt)
    return (pred * fit.scale + fit.shift).clamp(near, far), fit


def align_disparity(
    pred: Tensor, gt: Tensor, near: float, far: float
) -> tuple[Tensor, Fit]:
    """(N,) depths, least squares in 1/depth, clamped to near..far; metres.

    A predicted depth of 0 or below has no disparity: it counts as `near`.
    """
    disparity = torch.where(pred > 0, pred, near).reciprocal()
    fit = fit_least_squares(disparity, gt.reciprocal())
    return invert(disparity, fit, near, far), fit


def invert(disparity: Tensor, fit: Fit, near: float, far: float) -> Tensor:
    """Depths of aligned disparities, clamped to near..far; metres.

    Clamped before they are inverted, as MiDaS caps them: what is 0 or
    negative after the alignment is far away, and not near.

    Args:
        disparity: Of any shape and unit.
        fit: To 1/m.
        near: The nearest depth, above 0.
        far: The farthest one.
    """
    aligned = disparity * fit.scale + fit.shift
    return aligned.clamp(1 / far, 1 / near).reciprocal()


Align = Callable[[Tensor, Tensor, float, float], tuple[Tensor, Fit]]
ALIGNMENTS: dict[str, Align] = {
    'median': align_median,
    'scale_shift': align_depth,
    'scale_shift_disparity': align_disparity,
}


def aligned_range(protocol: DepthProtocol) -> tuple[float, float]:
    """What aligned depths are clamped to, metres.

    The protocol's range; where it does not clamp, the part of it that files
    of KITTI hold (1/256 to 255.996 m), for an aligned depth may be 0 or
    below, of which no logarithm is known.
    """
    if protocol.clamp:
        return protocol.clamp
    return max(protocol.min_depth, NEAREST), min(protocol.max_depth, FARTHEST)


def measure_aligned(
    protocol: DepthProtocol,
    pred: Tensor,
    gt: Tensor,
    names: Collection[str] = tuple(ALIGNMENTS),
) -> dict[str, AlignedFigures]:
    """The figures of one image after each alignment.

    Args:
        protocol: Which pixels count, and which figures.
        pred: (H, W), metres or any unit, finite.
        gt: (H, W), metres, 0 = none; at least one pixel counts.
        names: Of alignments.

    Returns:
        One for each of these, in the order of `ALIGNMENTS`.
    """
    pred, gt = replace(protocol, clamp=None).select(pred, gt)
    near, far = aligned_range(protocol)
    found = {}
    for name, align in ALIGNMENTS.items():
        if name in names:
            aligned, fit = align(pred, gt, near, far)
            found[name] = _figures_of(protocol, aligned, gt, fit)
    return found


def measure_disparity(
    protocol: DepthProtocol, disparity: Tensor, gt: Tensor
) -> tuple[Tensor, AlignedFigures]:
    """A predicted disparity, aligned by its own least squares.

    It may be 0 and negative, for its shift is not known: so it is not the
    same as `align_disparity` of its reciprocal.

    Args:
        protocol: Which pixels count, and which figures.
        disparity: (H, W), an unknown scale and shift of 1/m, finite.
        gt: (H, W), metres, 0 = none; at least one pixel counts.

    Returns:
        (H, W) float64 depths in metres of all pixels, and the figures of
        those that count.
    """
    near, far = aligned_range(protocol)
    chosen, counted = replace(protocol, clamp=None).select(disparity, gt)
    fit = fit_least_squares(chosen, counted.reciprocal())
    aligned = invert(chosen, fit, near, far)
    depth = invert(disparity.to(torch.float64), fit, near, far)
    return depth, _figures_of(protocol, aligned, counted, fit)


def _figures_of(
    protocol: DepthProtocol, aligned: Tensor, gt: Tensor, fit: Fit
) -> AlignedFigures:
    """Of (N,) aligned depths; none where there is no alignment."""
    if not np.isfinite(fit.scale):
        return AlignedFigures(fit, ())
    figures = [FUNCTIONS[key](aligned, gt) for key in protocol.keys]
    return AlignedFigures(fit, tuple(torch.stack(figures).tolist()))
