"""timm's blocks, same weights and same results, with a faster forward."""

import platform
from collections.abc import Iterator
from functools import lru_cache
from math import prod
from typing import Any

import torch
import torch.nn.functional as F
from timm.layers import GELU, GlobalResponseNormMlp, Mlp
from timm.models.convnext import ConvNeXtBlock
from timm.models.swin_transformer import (
    SwinTransformerBlock,
    WindowAttention,
    window_partition,
)
from torch import Tensor, nn
from torch.utils.flop_counter import register_flop_formula

# oneDNN's linear layer, the operator that torch.compile puts in on a CPU.
# F.linear calls MKL, which leaves a quarter of an AMD processor idle.
ONEDNN = getattr(torch.ops.mkldnn, '_linear_pointwise', None)
if platform.machine() not in ('x86_64', 'AMD64'):
    ONEDNN = None  # not measured on others
ONEDNN_MACS = 2**24  # a smaller product is over before oneDNN has started

# Widest map that is made at once. glibc gives a tensor above 32 MiB back to
# the system, and its next use takes a page fault for every 4 KiB.
PIECE_BYTES = 16 * 2**20


def use_fast_blocks(model: nn.Module) -> None:
    """Let the blocks of a timm model run faster, in place.

    Parameters, their names and the results stay what they are. Blocks that
    are none of timm's own Swin and ConvNeXt stay as well, but for their
    linear layers.
    """
    for module in model.modules():
        if type(module) is nn.Linear:
            module.__class__ = FastLinear
        elif type(module) is WindowAttention:
            # timm's own, off by default: 2.4 s in place of 4.0 s for Swin-L.
            module.fused_attn = True
        elif type(module) is SwinTransformerBlock and module.dynamic_mask:
            module.__class__ = FastSwinTransformerBlock
        elif type(module) is ConvNeXtBlock and not module.use_conv_mlp:
            module.__class__ = FastConvNeXtBlock


def in_pieces(x: Tensor) -> bool:
    """Whether to work piece by piece: plain inference on a CPU.

    A compiler fuses by itself, a GPU wants all of the work at once.
    """
    return (
        x.device.type == 'cpu'
        and not torch.is_grad_enabled()
        and not torch.compiler.is_compiling()
        and not torch.jit.is_tracing()
    )


def linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """F.linear, by oneDNN where that is faster: rows (...,C) -> (...,C')."""
    if (
        ONEDNN is None
        or x.numel() * len(weight) < ONEDNN_MACS
        or not in_pieces(x)
        or x.dtype != torch.float32  # there F.linear is oneDNN's
        or torch.is_autocast_enabled('cpu')
    ):
        return F.linear(x, weight, bias)
    return ONEDNN(x, weight, bias, 'none', [], '')


class FastLinear(nn.Linear):
    """nn.Linear by `linear`."""

    def forward(self, x: Tensor) -> Tensor:
        """(...,C) -> (...,C')."""
        return linear(x, self.weight, self.bias)


if ONEDNN is not None:

    @register_flop_formula(ONEDNN)
    def _linear_flops(x: list, weight: list, *_: Any, **__: Any) -> int:
        return 2 * prod(x) * weight[0]


class FastConvNeXtBlock(ConvNeXtBlock):
    """Norm, MLP, layer scale and sum in pieces that stay in the cache."""

    def forward(self, x: Tensor) -> Tensor:
        """(B,C,H,W) -> (B,C,H,W)."""
        add_mlp = _add_mlp if _is_plain(self.mlp) else None
        if type(self.mlp) is GlobalResponseNormMlp and _is_gelu(self.mlp.act):
            add_mlp = _add_grn_mlp
        if self.training or add_mlp is None or not in_pieces(x):
            return super().forward(x)
        y = self.conv_dw(x).permute(0, 2, 3, 1)
        rows = self.shortcut(x).permute(0, 2, 3, 1)
        summed = add_mlp(
            rows.flatten(1, 2),
            y.flatten(1, 2),
            self.norm,
            self.mlp,
            self.gamma,
        )
        return summed.view(rows.shape).permute(0, 3, 1, 2)


class FastSwinTransformerBlock(SwinTransformerBlock):
    """Projects the tokens before they are padded to whole windows.

    A map of 16x16 tokens becomes 21x21 in windows of 7: timm (and mmseg)
    project 72 % more tokens than there are. The padding is zero after the
    norm, so its query, key and value are the projection's bias: one row of
    zeros at the end stands for all of it.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(B,H,W,C) -> (B,H,W,C)."""
        if self.training or not (in_pieces(x) and _is_plain(self.mlp)):
            return super().forward(x)
        x = x + self._attn(self.norm1(x))
        rows = x.flatten(1, 2)
        return _add_mlp(rows, rows, self.norm2, self.mlp).view(x.shape)

    def _attn(self, x: Tensor) -> Tensor:
        # In training a gather would cost a scatter in the backward pass.
        if torch.is_grad_enabled():
            return super()._attn(x)
        batch, height, width, channels = x.shape
        cached = type(x) is Tensor and not torch.compiler.is_compiling()
        windows = _windows if cached else _windows.__wrapped__
        to_windows, to_map, mask = windows(
            height, width, self.window_size, self.shift_size, x.device
        )
        attention = self.attn
        heads, area = attention.num_heads, self.window_area
        x = F.pad(x.reshape(batch, -1, channels), (0, 0, 0, 1))
        qkv = attention.qkv(x).index_select(1, to_windows)
        qkv = qkv.view(-1, area, 3, heads, channels // heads)
        # timm gathers with the heads last, and copies them to the front.
        table = attention.relative_position_bias_table.t()
        index = attention.relative_position_index.flatten()
        bias = table.index_select(1, index).view(1, heads, *(2 * [area]))
        if mask is not None:
            bias = bias + mask.to(bias.dtype)
            bias = bias.repeat(batch, 1, 1, 1) if batch > 1 else bias
        x = F.scaled_dot_product_attention(
            *qkv.permute(2, 0, 3, 1, 4).unbind(0), attn_mask=bias.to(qkv.dtype)
        )
        x = x.transpose(1, 2).reshape(batch, -1, channels)
        x = attention.proj(x.index_select(1, to_map))
        return x.view(batch, height, width, channels)


@lru_cache(maxsize=32)
def _windows(
    height: int,
    width: int,
    window: tuple[int, int],
    shift: tuple[int, int],
    device: torch.device,
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Where tokens go and come from, and which pairs must not meet.

    Returns:
        For each place in the windows its token, `height * width` for the
        padding; for each token its place; the mask (windows,1,N,N) of
        shifted windows, or None.
    """
    tokens = torch.arange(height * width, device=device).view(height, width)
    tokens = tokens.roll((-shift[0], -shift[1]), (0, 1))
    below, beside = -height % window[0], -width % window[1]
    tokens = F.pad(tokens, (0, beside, 0, below), value=height * width)
    to_windows = _partition(tokens, window)
    to_map = to_windows.flatten().argsort()[: height * width]
    if not any(shift):
        return to_windows.flatten(), to_map, None
    bands = [
        (at >= length - size).int() + (at >= length - moved)
        for length, size, moved in zip(
            tokens.shape, window, shift, strict=True
        )
        for at in [torch.arange(length, device=device)]
    ]
    regions = _partition(3 * bands[0][:, None] + bands[1], window)
    apart = regions[:, None, :, None] != regions[:, None, None, :]
    return to_windows.flatten(), to_map, apart * -100.0


def _partition(x: Tensor, window: tuple[int, int]) -> Tensor:
    """(H,W) -> (windows, tokens of a window)."""
    return window_partition(x[None, ..., None], window).flatten(1)


def _is_plain(mlp: Any) -> bool:
    """Whether an MLP is linear, exact GELU, linear (no GRN)."""
    return (
        type(mlp) is Mlp
        and _is_gelu(mlp.act)
        and type(mlp.norm) is nn.Identity
        and isinstance(mlp.fc1, nn.Linear)
    )


def _is_gelu(act: nn.Module) -> bool:
    exact = getattr(act, 'approximate', 'none') == 'none'
    return type(act) in (nn.GELU, GELU) and exact


def _hidden(x: Tensor, norm: nn.Module, mlp: nn.Module) -> Tensor:
    return torch.ops.aten.gelu_(mlp.fc1(norm(x)))


def _add(
    shortcut: Tensor, out: Tensor, gamma: Tensor | None, summed: Tensor
) -> None:
    if gamma is None:
        torch.add(shortcut, out, out=summed)
    else:
        torch.addcmul(shortcut, out, gamma, out=summed)


def _add_mlp(
    shortcut: Tensor,
    x: Tensor,
    norm: nn.Module,
    mlp: Mlp,
    gamma: Tensor | None = None,
) -> Tensor:
    """Shortcut + gamma * mlp(norm(x)), of rows (B,N,C)."""
    shortcut, x = shortcut.flatten(0, 1), x.flatten(0, 1)
    summed = _empty_sum(shortcut, gamma)
    for rows, piece, target in _split(mlp, shortcut, x, summed):
        _add(rows, mlp.fc2(_hidden(piece, norm, mlp)), gamma, target)
    return summed


def _add_grn_mlp(
    shortcut: Tensor,
    x: Tensor,
    norm: nn.Module,
    mlp: GlobalResponseNormMlp,
    gamma: Tensor | None = None,
) -> Tensor:
    """As `_add_mlp`, with GRN before the second linear layer.

    GRN is one factor for each channel of an image, and a bias: both go into
    that layer.
    """
    grn, last = mlp.grn, mlp.fc2
    bias = torch.addmv(last.bias, last.weight, grn.bias)
    summed = _empty_sum(shortcut, gamma)
    for image in zip(shortcut, x, summed, strict=True):
        pieces = [*_split(mlp, *image)]
        maps = [_hidden(piece, norm, mlp) for _, piece, _ in pieces]
        squares = (hidden.float().square().sum(0) for hidden in maps)
        size = sum(squares).sqrt()
        factor = 1 + grn.weight * size / (size.mean() + grn.eps)
        weight = last.weight * factor
        for (rows, _, target), hidden in zip(pieces, maps, strict=True):
            _add(rows, linear(hidden, weight, bias), gamma, target)
    return summed


def _empty_sum(shortcut: Tensor, gamma: Tensor | None) -> Tensor:
    """For the sum, in the precision that it would have by itself."""
    dtype = shortcut.dtype
    if gamma is not None:
        dtype = torch.promote_types(dtype, gamma.dtype)
    return torch.empty_like(shortcut, dtype=dtype)


def _split(mlp: nn.Module, *rows: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """Of tensors (N,C) the pieces that belong together."""
    step = max(1, PIECE_BYTES // (4 * mlp.fc1.out_features))
    return zip(*(r.split(step) for r in rows), strict=True)
