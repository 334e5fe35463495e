"""Calls of the GPU kernels: tensors in, grids and constants, tensors out.

Triton comes with PyTorch's CUDA builds. Where it is missing the import of this
module fails, and the blocks run on PyTorch's own operators.
"""

import torch
import triton
from torch import Tensor

from .kernels import depthwise_kernel, window_attention_kernel

# Of fp32: three TF32 products, as exact as one in fp32 and twice as fast.
PRECISION = 'ieee' if torch.version.hip else 'tf32x3'


def depthwise_conv7(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Depthwise 7x7 convolution, stride 1, padding 3, of a channels-last map.

    cuDNN takes two to four times as long (H200, bf16, ConvNeXt's shapes).

    Args:
        x: (B,H,W,C).
        weight: (C,1,7,7); in memory best as (7,7,C).
        bias: (C,).

    Returns:
        (B,H,W,C), summed in fp32, in the precision of `weight`.
    """
    x = x.contiguous()
    batch, height, width, channels = x.shape
    out = torch.empty_like(x, dtype=weight.dtype)
    grid = (
        triton.cdiv(width, 16) * triton.cdiv(channels, 64),
        triton.cdiv(height, 8),
        batch,
    )
    depthwise_kernel[grid](
        x,
        weight.flatten(1).t().contiguous(),
        bias,
        out,
        height,
        width,
        channels,
        COLUMNS=16,
        CHANNELS=64,
        num_warps=4,
    )
    return out


def window_attention(
    qkv: Tensor,
    pad: Tensor,
    bias: Tensor,
    window: tuple[int, int],
    shift: tuple[int, int],
) -> Tensor:
    """Swin's attention, straight from the map of tokens and back to it.

    Shifting, padding, cutting into windows and the mask of shifted windows
    are addresses here, not copies.

    Args:
        qkv: queries, keys and values of the tokens, (B,H,W,3*C).
        pad: what a token of zeros is projected to, (3*C,).
        bias: of the relative positions, (heads,N,N), N tokens a window.
        window: height and width of a window.
        shift: rows and columns that the map is rolled by.

    Returns:
        (B,H,W,C).
    """
    qkv, bias = qkv.contiguous(), bias.contiguous()
    batch, height, width, channels = qkv.shape
    channels //= 3
    heads, area, _ = bias.shape
    across = triton.cdiv(width, window[1])
    windows = across * triton.cdiv(height, window[0])
    out = qkv.new_empty(batch, height, width, channels)
    window_attention_kernel[triton.cdiv(area, 64), windows, batch * heads](
        qkv,
        pad,
        bias,
        out,
        height,
        width,
        across,
        heads,
        WIDTH=channels // heads,
        TALL=window[0],
        WIDE=window[1],
        SHIFT_Y=shift[0],
        SHIFT_X=shift[1],
        # A constant: with a float as argument it took 3.5 times as long
        # under torch.compile.
        SCALE=(channels // heads) ** -0.5,
        PADDED=bool(height % window[0] or width % window[1]),
        QUERIES=64,
        KEYS=32,
        PRECISION=PRECISION,
        num_warps=4,
        num_stages=2,
    )
    return out
