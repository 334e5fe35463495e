"""Swin's attention and blocks, faster."""

from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from timm.models.swin_transformer import (
    SwinTransformerBlock,
    WindowAttention,
    window_partition,
)
from torch import Tensor, nn

from ..compat import is_compiling
from . import when
from .mlp import add_mlp, is_plain, run_mlp

KERNEL_DIMS = (16, 32, 64, 128)  # of a head


class FusedWindowAttention(WindowAttention):
    """PyTorch's fused attention, which timm has and leaves switched off.

    2.4 s in place of 4.0 s for Swin-L at 512x512 on two cores.
    """

    # timm sets an attribute of this name; what the class says comes first.
    fused_attn = property(lambda self: True)  # type: ignore[misc]  # Final


class KeptBias(nn.Module):
    """Mixed into what holds a window attention."""

    def keep_bias(self) -> None:
        """Look the bias of relative positions up once: for inference only."""
        self.register_buffer(
            'kept_bias', self._bias().clone(), persistent=False
        )

    @torch.no_grad()
    def _bias(self) -> Tensor:
        kept = self._buffers.get('kept_bias')
        if kept is not None:
            return kept
        return look_up_bias(self._window_attention())

    def _window_attention(self) -> nn.Module:
        raise NotImplementedError


class FastSwinTransformerBlock(KeptBias, SwinTransformerBlock):
    """Projects the tokens before they are padded to whole windows.

    A map of 16x16 tokens becomes 21x21 in windows of 7: timm (and mmseg)
    project 72 % more tokens than there are. The padding is zero after the
    norm, so its query, key and value are the projection's bias: one row of
    zeros at the end stands for all of it.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(B,H,W,C) -> (B,H,W,C)."""
        if not self.training and when.on_gpu(x):
            x = x + self._attn(self.norm1(x))
            return x + run_mlp(self.mlp, self.norm2(x))
        if self.training or not (when.in_pieces(x) and is_plain(self.mlp)):
            return super().forward(x)
        x = x + self._attn(self.norm1(x))
        rows = x.flatten(1, 2)
        return add_mlp(rows, rows, self.norm2, self.mlp).view(x.shape)

    def _window_attention(self) -> nn.Module:
        return self.attn

    def _attn(self, x: Tensor) -> Tensor:
        # In training a gather would cost a scatter in the backward pass.
        if torch.is_grad_enabled():
            return super()._attn(x)
        return attend(
            x, self.attn, self._bias(), self.window_size, self.shift_size
        )


def look_up_bias(attention: nn.Module) -> Tensor:
    """Of the relative positions, (heads, tokens, tokens of a window).

    Args:
        attention: timm's or MMSegmentation's: their names are the same.
    """
    # Theirs gathers with the heads last, and copies them to the front.
    table = attention.get_parameter('relative_position_bias_table').t()
    index = attention.get_buffer('relative_position_index')
    return table.index_select(1, index.flatten()).view(-1, *index.shape)


def attend(
    x: Tensor,
    attention: Any,
    bias: Tensor,
    window: tuple[int, int],
    shift: tuple[int, int],
    pad_first: bool = False,
) -> Tensor:
    """Window attention of a map, with its two projections: in inference.

    Args:
        x: tokens (B,H,W,C) after the norm.
        attention: with `qkv`, `proj` and `num_heads`.
        bias: of the relative positions, (heads,N,N), N tokens a window.
        window: height and width of a window.
        shift: rows and columns that the map is rolled by.
        pad_first: pad to whole windows and then roll, as Swin's authors and
            MMSegmentation do; timm rolls first. The windows differ where
            there is padding.

    Returns:
        (B,H,W,C).
    """
    batch, height, width, channels = x.shape
    heads = attention.num_heads
    dim, area = channels // heads, window[0] * window[1]
    padded = bool(height % window[0] or width % window[1])
    if (
        when.on_gpu(x)
        and dim in KERNEL_DIMS
        and attention.qkv.bias is not None
        and not (pad_first and padded and any(shift))  # the kernel rolls first
    ):
        qkv = attention.qkv(x)
        x = when.kernels.window_attention(
            qkv, attention.qkv.bias, bias.to(qkv.dtype), window, shift
        )
        return attention.proj(x)
    compiling = is_compiling()
    cached = type(x) is Tensor and not compiling
    windows = _windows if cached else _windows.__wrapped__
    to_windows, to_map, mask = windows(
        height, width, window, shift, x.device, pad_first
    )
    if compiling:  # a row of the map: Inductor 2.11 fails at one token
        x = F.pad(x, (0, 0, 0, 0, 0, 1)).flatten(1, 2)
    else:
        x = F.pad(x.reshape(batch, -1, channels), (0, 0, 0, 1))
    qkv = attention.qkv(x).index_select(1, to_windows)
    qkv = qkv.view(-1, area, 3, heads, dim)
    bias = bias[None]
    if mask is not None:
        bias = bias + mask.to(bias.dtype)
        bias = bias.repeat(batch, 1, 1, 1) if batch > 1 else bias
    q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
    x = F.scaled_dot_product_attention(q, k, v, attn_mask=bias.to(qkv.dtype))
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
    pad_first: bool = False,
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Where tokens go and come from, and which pairs must not meet.

    Returns:
        For each place in the windows its token, `height * width` for the
        padding; for each token its place; the mask (windows,1,N,N) of
        shifted windows, or None.
    """
    tokens = torch.arange(height * width, device=device).view(height, width)
    back = -shift[0], -shift[1]
    if not pad_first:
        tokens = tokens.roll(back, (0, 1))
    below, beside = -height % window[0], -width % window[1]
    tokens = F.pad(tokens, (0, beside, 0, below), value=height * width)
    if pad_first:
        tokens = tokens.roll(back, (0, 1))
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
