"""MLPs, with what surrounds them, in the cache or in few kernels."""

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeGuard

import torch
from timm.layers import GELU, GlobalResponseNormMlp, Mlp
from torch import Tensor, nn

from . import when
from .linear import linear


class Layers(NamedTuple):
    """An MLP of another library, by timm's names.

    Attributes:
        fc1: C -> C'.
        act: its activation.
        fc2: C' -> C.
    """

    fc1: nn.Linear
    act: nn.Module
    fc2: nn.Linear

    def __call__(self, x: Tensor) -> Tensor:
        """(...,C) -> (...,C)."""
        return self.fc2(self.act(self.fc1(x)))


def is_plain(mlp: nn.Module | Layers) -> TypeGuard[Mlp | Layers]:
    """Whether an MLP is linear, exact GELU, linear (no GRN)."""
    known = type(mlp) is Layers or (
        type(mlp) is Mlp and type(mlp.norm) is nn.Identity
    )
    return known and _is_gelu(mlp.act) and isinstance(mlp.fc1, nn.Linear)


def has_grn(mlp: nn.Module | Layers) -> TypeGuard[GlobalResponseNormMlp]:
    """Whether an MLP is ConvNeXt V2's: linear, exact GELU, GRN, linear."""
    return (
        type(mlp) is GlobalResponseNormMlp
        and _is_gelu(mlp.act)
        and isinstance(mlp.fc1, nn.Linear)
    )


def run_mlp(mlp: nn.Module | Layers, x: Tensor) -> Tensor:
    """An MLP on a GPU, of a map (B,...,C), in half precision by few kernels.

    cuBLAS adds the bias and takes GELU while it writes the product, in the
    form with tanh: 5e-4 off at most, less than bfloat16 rounds.
    """
    if not (is_plain(mlp) or has_grn(mlp)):
        return mlp(x)
    first = mlp.fc1
    half = first.weight.dtype in (torch.float16, torch.bfloat16)
    if not half or first.bias is None:
        return mlp(x)
    rows = x.to(first.weight.dtype).flatten(0, -2)
    hidden = torch.ops.aten._addmm_activation(
        first.bias, rows, first.weight.t(), use_gelu=True
    )
    if not isinstance(mlp, GlobalResponseNormMlp):
        return mlp.fc2(hidden).view(x.shape)
    images = hidden.view(len(x), -1, hidden.shape[-1])
    size = torch.linalg.vector_norm(images, dim=1, dtype=torch.float32)
    weight, bias = _with_grn(mlp, size)
    return torch.baddbmm(bias, images, weight.transpose(1, 2)).view(x.shape)


def add_mlp(
    shortcut: Tensor,
    x: Tensor,
    norm: Callable[[Tensor], Tensor],
    mlp: Mlp | Layers | GlobalResponseNormMlp,
    gamma: Tensor | None = None,
) -> Tensor:
    """Shortcut + gamma * mlp(norm(x)), of rows (B,N,C), on a CPU."""
    summed = _empty_sum(shortcut, gamma)
    if not has_grn(mlp):  # then images are rows like others
        rows = (t.flatten(0, 1) for t in (shortcut, x, summed))
        for row, piece, target in _split(mlp, *rows):
            _add(row, mlp.fc2(_hidden(piece, norm, mlp)), gamma, target)
        return summed
    for image in zip(shortcut, x, summed, strict=True):
        pieces = [*_split(mlp, *image)]
        maps = [_hidden(piece, norm, mlp) for _, piece, _ in pieces]
        squares = [hidden.float().square().sum(0) for hidden in maps]
        size = torch.stack(squares).sum(0).sqrt()
        weight, bias = _with_grn(mlp, size)
        for (row, _, target), hidden in zip(pieces, maps, strict=True):
            _add(row, linear(hidden, weight, bias), gamma, target)
    return summed


def _is_gelu(act: Tensor | nn.Module) -> bool:
    exact = getattr(act, 'approximate', 'none') == 'none'
    return type(act) in (nn.GELU, GELU) and exact


def _hidden(
    x: Tensor,
    norm: Callable[[Tensor], Tensor],
    mlp: Mlp | Layers | GlobalResponseNormMlp,
) -> Tensor:
    return torch.ops.aten.gelu_(mlp.fc1(norm(x)))


def _with_grn(
    mlp: GlobalResponseNormMlp, size: Tensor
) -> tuple[Tensor, Tensor]:
    """Weight and bias of GRN and the last layer in one.

    GRN is one factor for each channel of an image, and a bias.

    Args:
        mlp: ConvNeXt V2's.
        size: the norm of each channel over an image, (...,C').

    Returns:
        weight (...,C,C') and bias (C,).
    """
    grn, last = mlp.grn, mlp.fc2
    factor = 1 + grn.weight * size / (size.mean(-1, keepdim=True) + grn.eps)
    weight = (last.weight * factor.unsqueeze(-2)).to(last.weight.dtype)
    bias = last.weight @ grn.bias
    return weight, bias if last.bias is None else bias + last.bias


def _add(
    shortcut: Tensor, out: Tensor, gamma: Tensor | None, summed: Tensor
) -> None:
    if gamma is None:
        torch.add(shortcut, out, out=summed)
    else:
        torch.addcmul(shortcut, out, gamma, out=summed)


def _empty_sum(shortcut: Tensor, gamma: Tensor | None) -> Tensor:
    """For the sum: contiguous, in the precision that it would have itself."""
    dtype = shortcut.dtype
    if gamma is not None:
        dtype = torch.promote_types(dtype, gamma.dtype)
    return torch.empty(shortcut.shape, dtype=dtype, device=shortcut.device)


def _split(
    mlp: Mlp | Layers | GlobalResponseNormMlp, *rows: Tensor
) -> Iterator[tuple[Tensor, ...]]:
    """Of tensors (N,C) the pieces that belong together."""
    step = when.rows_at_once(len(mlp.fc1.weight))
    return zip(*(r.split(step) for r in rows), strict=True)
