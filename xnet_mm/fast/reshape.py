"""RS with its layers one by one, as its fast callers want them.

The norm of the way in and the layer after it are one product:

    rows / rms(rows) * g -> W             plain: four passes over C channels
    rows -> W * g -> / rms(rows)          here: one, and one over C'
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..models.reshape import ReShape, RMSNorm
from . import when
from .linear import FastLinear, linear


def reshape_by(
    reshape: ReShape,
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    out: Tensor | None = None,
    keep: slice = slice(None),
) -> Tensor:
    """What `ReShape.forward` does, with another last layer.

    Args:
        reshape: whose norm, expansion and activation are used.
        x: the map, (B,C,H,W).
        weight: of the last layer, (K,C').
        bias: of the last layer, (K,).
        out: where the result goes, a channels-last map or whole rows of
            one, (B,K,H*r,W*r); in inference only.
        keep: rows of the up-sampled map, the others are cut off.

    Returns:
        (B,K,H*r,W*r), as high as `keep`.
    """
    x = _expand(reshape, x.permute(0, 2, 3, 1))
    x = reshape.upsample(x.permute(0, 3, 1, 2))[:, :, keep]
    x = _act(reshape.act, x).permute(0, 2, 3, 1)  # (B,H*r,W*r,C')
    channels = len(weight)
    if when.is_gpu(x) and channels > 8:
        # 150 classes take 0.83 ms on an H200, 160 take 0.40.
        spare = -channels % 32
        weight = F.pad(weight, (0, 0, 0, spare))
        bias = F.pad(bias, (0, spare))
    weight, bias = weight.to(x.dtype), bias.to(x.dtype)
    if out is None:
        return linear(x, weight, bias)[..., :channels].permute(0, 3, 1, 2)
    rows = out.permute(0, 2, 3, 1).view(-1, channels)
    torch.addmm(bias, x.reshape(len(rows), -1), weight.t(), out=rows)
    return out


def put_rows(reshape: ReShape, x: Tensor, first: int, out: Tensor) -> None:
    """Some rows of what RS makes of a map, into a place of their own.

    Args:
        reshape: what is applied.
        x: the map, (1,C,h,w).
        first: number of the first row that is wanted.
        out: where the rows go, a part of a channels-last map,
            (1,C',rows,w*r).
    """
    r = reshape.scale_factor
    last = first + out.shape[2]
    top, bottom = rows_around(reshape, first // r, -(-last // r), x.shape[2])
    x, keep = x[:, :, top:bottom], slice(first - top * r, last - top * r)
    layer = reshape.project
    if _is_ours(layer) and not when.is_watched(reshape, layer):
        reshape_by(reshape, x, layer.weight, layer.bias, out, keep)
    else:
        out.copy_(reshape(x)[:, :, keep])


def _expand(reshape: ReShape, x: Tensor) -> Tensor:
    """Norm and first layer: rows (...,C) -> (...,C'), see the module."""
    norm, layer = reshape.norm, reshape.expand
    if not (
        type(norm) is RMSNorm
        and _is_ours(layer)
        and when.in_pieces(x)
        and x.dtype == layer.weight.dtype == torch.float32
        and when.autocast_dtype(x.dtype) == x.dtype
        and not when.is_watched(norm, layer)
    ):
        return layer(norm(x))
    length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    mean = length.square_().div_(x.shape[-1])
    scale = mean.add_(torch.finfo(x.dtype).eps).rsqrt_()
    y = linear(x, layer.weight * norm.weight, None)
    return torch.addcmul(layer.bias, y, scale)


def _act(act: nn.Module, x: Tensor) -> Tensor:
    """The activation of a map that nobody else has."""
    if type(act) is nn.SiLU and when.in_pieces(x) and not when.is_watched(act):
        return F.silu(x, inplace=True)
    return act(x)


def _is_ours(layer: nn.Module) -> bool:
    return type(layer) in (nn.Linear, FastLinear)


def rows_around(
    reshape: ReShape, first: int, last: int, height: int
) -> tuple[int, int]:
    """With the rows around that RS looks at, within 0..height."""
    if type(reshape.upsample) is nn.PixelShuffle:
        return first, last
    # One row for the bilinear weights, and one for the 3x3 convolution.
    return max(first - 2, 0), min(last + 2, height)
