"""timm's blocks, same weights and same results, with a faster forward."""

from functools import lru_cache

import torch
import torch.nn.functional as F
from timm.models.convnext import ConvNeXtBlock
from timm.models.swin_transformer import (
    SwinTransformerBlock,
    WindowAttention,
    window_partition,
)
from torch import Tensor, nn

from .linear import FastLinear, in_pieces
from .mlp import add_mlp, has_grn, is_plain, run_mlp

try:
    from . import kernels
except ImportError:  # PyTorch's builds without CUDA have no Triton
    kernels = None
KERNEL_DIMS = (16, 32, 64, 128)  # of a head


def use_fast_blocks(model: nn.Module) -> None:
    """Let the blocks of a timm model run faster, in place.

    Parameters, their names and the results stay what they are. Blocks that
    are none of timm's own Swin and ConvNeXt stay as well, but for their
    linear layers.
    """
    for module in model.modules():
        if type(module) is nn.Linear:
            module.__class__ = FastLinear
        elif type(module) is nn.Conv2d and _takes_patches(module):
            module.__class__ = PatchConv2d
        elif type(module) is WindowAttention:
            # timm's own, off by default: 2.4 s in place of 4.0 s for Swin-L.
            module.fused_attn = True
        elif type(module) is SwinTransformerBlock and module.dynamic_mask:
            module.__class__ = FastSwinTransformerBlock
        elif type(module) is ConvNeXtBlock and not module.use_conv_mlp:
            module.__class__ = FastConvNeXtBlock


def on_gpu(x: Tensor) -> bool:
    """Whether to use the kernels for GPUs: inference, and Triton is there."""
    return (
        kernels is not None
        and x.is_cuda
        and torch.cuda.get_device_properties(x.device).major >= 8
        and not torch.is_grad_enabled()
        # Not is_exporting(): inside torch.compile that is true up to 2.11.
        and not getattr(torch.compiler, '_is_exporting_flag', False)
        and not torch.jit.is_tracing()
    )


class PatchConv2d(nn.Conv2d):
    """A convolution of patches that do not overlap, as a linear layer.

    cuDNN has no fast kernel for three channels: 233 us for eight images of
    512x512 on an H200, in bf16, in place of 54.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(B,C,H,W) -> (B,C',H/p,W/p)."""
        if not on_gpu(x):
            return super().forward(x)
        size = self.stride
        height, width = (
            s // p for s, p in zip(x.shape[-2:], size, strict=True)
        )
        x = x[..., : height * size[0], : width * size[1]].permute(0, 2, 3, 1)
        x = x.to(self.weight.dtype).unflatten(2, (width, size[1]))
        x = x.unflatten(1, (height, size[0])).transpose(2, 3)
        weight = self.weight.permute(0, 2, 3, 1).flatten(1)
        x = F.linear(x.flatten(3), weight, self.bias)
        return x.permute(0, 3, 1, 2)


def _takes_patches(module: nn.Conv2d) -> bool:
    return (
        module.in_channels <= 4
        and module.kernel_size == module.stride
        and module.stride[0] > 1
        and module.padding in ((0, 0), 'valid')
        and module.dilation == (1, 1)
        and module.groups == 1
    )


class FastConvNeXtBlock(ConvNeXtBlock):
    """On a CPU in pieces that stay in the cache, on a GPU in few kernels."""

    def forward(self, x: Tensor) -> Tensor:
        """(B,C,H,W) -> (B,C,H,W)."""
        if not self.training and on_gpu(x) and self._is_seven():
            return self._forward_kernels(x)
        known = is_plain(self.mlp) or has_grn(self.mlp)
        if self.training or not (known and in_pieces(x)):
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

    def _is_seven(self) -> bool:
        """Whether the depthwise convolution is ConvNeXt's."""
        convolution = self.conv_dw
        return (
            type(convolution) is nn.Conv2d
            and convolution.kernel_size == (7, 7)
            and convolution.stride == convolution.dilation == (1, 1)
            and convolution.padding == (3, 3)
            and convolution.bias is not None
            and convolution.groups == convolution.out_channels
            and type(self.shortcut) is nn.Identity
        )

    def _forward_kernels(self, x: Tensor) -> Tensor:
        convolution = self.conv_dw
        x = x.permute(0, 2, 3, 1).to(convolution.weight.dtype)
        y = kernels.depthwise_conv7(x, convolution.weight, convolution.bias)
        y = run_mlp(self.mlp, self.norm(y))
        if self.gamma is not None:
            y = y * self.gamma
        return (x + y).permute(0, 3, 1, 2)

    @torch.no_grad()
    def fold_layer_scale(self) -> None:
        """Multiply `gamma` into the layer before it: for inference only."""
        if self.gamma is None or not isinstance(self.mlp.fc2, nn.Linear):
            return
        last = self.mlp.fc2
        last.weight.mul_(self.gamma[:, None])
        if last.bias is not None:
            last.bias.mul_(self.gamma)
        self.gamma = None


class FastSwinTransformerBlock(SwinTransformerBlock):
    """Projects the tokens before they are padded to whole windows.

    A map of 16x16 tokens becomes 21x21 in windows of 7: timm (and mmseg)
    project 72 % more tokens than there are. The padding is zero after the
    norm, so its query, key and value are the projection's bias: one row of
    zeros at the end stands for all of it.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(B,H,W,C) -> (B,H,W,C)."""
        if not self.training and on_gpu(x):
            x = x + self._attn(self.norm1(x))
            return x + run_mlp(self.mlp, self.norm2(x))
        if self.training or not (in_pieces(x) and is_plain(self.mlp)):
            return super().forward(x)
        x = x + self._attn(self.norm1(x))
        rows = x.flatten(1, 2)
        return add_mlp(rows, rows, self.norm2, self.mlp).view(x.shape)

    def keep_bias(self) -> None:
        """Look the bias of relative positions up once: for inference only."""
        self.register_buffer(
            'kept_bias', self._bias().clone(), persistent=False
        )

    @torch.no_grad()
    def _bias(self) -> Tensor:
        """Of the relative positions, (heads, tokens, tokens of a window)."""
        if 'kept_bias' in self._buffers:
            return self.kept_bias
        # timm gathers with the heads last, and copies them to the front.
        table = self.attn.relative_position_bias_table.t()
        index = self.attn.relative_position_index.flatten()
        area = self.window_area
        return table.index_select(1, index).view(-1, area, area)

    def _attn(self, x: Tensor) -> Tensor:
        # In training a gather would cost a scatter in the backward pass.
        if torch.is_grad_enabled():
            return super()._attn(x)
        attention = self.attn
        batch, height, width, channels = x.shape
        heads = attention.num_heads
        dim, area = channels // heads, self.window_area
        bias = self._bias()
        if on_gpu(x) and dim in KERNEL_DIMS and attention.qkv.bias is not None:
            qkv = attention.qkv(x)
            x = kernels.window_attention(
                qkv,
                attention.qkv.bias,
                bias.to(qkv.dtype),
                self.window_size,
                self.shift_size,
            )
            return attention.proj(x)
        compiling = torch.compiler.is_compiling()
        cached = type(x) is Tensor and not compiling
        windows = _windows if cached else _windows.__wrapped__
        to_windows, to_map, mask = windows(
            height, width, self.window_size, self.shift_size, x.device
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
