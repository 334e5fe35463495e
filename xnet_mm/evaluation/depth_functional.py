"""Depth metrics over valid pixels, in float64.

Every function takes predictions d and ground truth g in metres, two tensors
or arrays of one shape, (N,) or any other, all values positive, and returns a
float64 scalar tensor on their device. None of them masks, crops or clamps:
protocols do that.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

Depths = Tensor | np.ndarray


def _float64(depths: Depths) -> Tensor:
    return torch.as_tensor(depths, dtype=torch.float64)


def _log_error(pred: Depths, gt: Depths) -> Tensor:
    return (_float64(pred) / _float64(gt)).log()


def abs_rel(pred: Depths, gt: Depths) -> Tensor:
    """Mean |d - g| / g over all (N,) depths; a ratio."""
    pred, gt = _float64(pred), _float64(gt)
    return ((pred - gt).abs() / gt).mean()


def sq_rel(pred: Depths, gt: Depths) -> Tensor:
    """Mean (d - g)^2 / g of (N,) depths, metres: the papers' definition."""
    pred, gt = _float64(pred), _float64(gt)
    return ((pred - gt).square() / gt).mean()


def rmse(pred: Depths, gt: Depths) -> Tensor:
    """sqrt(mean (d - g)^2) of (N,) depths, in metres."""
    return (_float64(pred) - _float64(gt)).square().mean().sqrt()


def rmse_log(pred: Depths, gt: Depths) -> Tensor:
    """sqrt(mean e^2) of (N,) depths, e = ln d - ln g; no unit."""
    return _log_error(pred, gt).square().mean().sqrt()


def log10(pred: Depths, gt: Depths) -> Tensor:
    """Mean |log10 d - log10 g| of (N,) depths; no unit."""
    return (_float64(pred) / _float64(gt)).log10().abs().mean()


def silog(pred: Depths, gt: Depths) -> Tensor:
    """100 sqrt(mean e^2 - (mean e)^2), e = ln d - ln g: KITTI's devkit.

    Of (N,) depths; no unit but the 100.
    """
    return 100 * _log_deviation(pred, gt, 1)


def silog_half(pred: Depths, gt: Depths) -> Tensor:
    """sqrt(mean e^2 - (mean e)^2 / 2) of (N,) depths, not times 100.

    Eigen et al., NIPS 2014, in the form that VPD, Depth Anything V2's metric
    code and mmseg print as "silog".
    """
    return _log_deviation(pred, gt, 0.5)


def _log_deviation(pred: Depths, gt: Depths, focus: float) -> Tensor:
    error = _log_error(pred, gt)
    # A constant ratio leaves a tiny difference of either sign.
    variance = error.square().mean() - focus * error.mean().square()
    return variance.clamp(min=0).sqrt()


def delta(pred: Depths, gt: Depths, k: int) -> Tensor:
    """Share of (N,) pixels with max(d/g, g/d) < 1.25^k, from 0 to 1."""
    pred, gt = _float64(pred), _float64(gt)
    ratio = torch.maximum(pred / gt, gt / pred)
    return (ratio < 1.25**k).double().mean()


def irmse(pred: Depths, gt: Depths) -> Tensor:
    """sqrt(mean (1/d - 1/g)^2) of (N,) depths in 1/km: KITTI's devkit."""
    error = _float64(pred).reciprocal() - _float64(gt).reciprocal()
    return 1000 * error.square().mean().sqrt()


def abs_rel_percent(pred: Depths, gt: Depths) -> Tensor:
    """`abs_rel` of (N,) depths in %: KITTI's devkit."""
    return 100 * abs_rel(pred, gt)


def sq_rel_percent(pred: Depths, gt: Depths) -> Tensor:
    """Mean ((d - g) / g)^2 of (N,) depths in %: KITTI's devkit.

    Not `sq_rel` times 100.
    """
    pred, gt = _float64(pred), _float64(gt)
    return 100 * ((pred - gt) / gt).square().mean()


FUNCTIONS: dict[str, Callable[[Depths, Depths], Tensor]] = {
    'abs_rel': abs_rel,
    'sq_rel': sq_rel,
    'rmse': rmse,
    'rmse_log': rmse_log,
    'log10': log10,
    'silog': silog,
    'silog_half': silog_half,
    'd1': partial(delta, k=1),
    'd2': partial(delta, k=2),
    'd3': partial(delta, k=3),
    'irmse': irmse,
    'abs_rel_percent': abs_rel_percent,
    'sq_rel_percent': sq_rel_percent,
}
