"""ConvNeXt's blocks, V1 and V2, and stems of patches, faster."""

from typing import Any

import torch
import torch.nn.functional as F
from timm.models.convnext import ConvNeXtBlock
from torch import Tensor, nn

from . import when
from .mlp import add_mlp, has_grn, is_plain, run_mlp


class PatchConv2d(nn.Conv2d):
    """A convolution of patches that do not overlap, as a linear layer.

    cuDNN has no fast kernel for three channels: 233 us for eight images of
    512x512 on an H200, in bf16, in place of 54.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(B,C,H,W) -> (B,C',H/p,W/p)."""
        if not when.on_gpu(x):
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


def takes_patches(module: nn.Conv2d) -> bool:
    """Whether patches of few channels lie side by side, as `PatchConv2d`."""
    return (
        module.in_channels <= 4
        and module.kernel_size == module.stride
        and module.stride[0] > 1
        and module.padding in ((0, 0), 'valid')
        and module.dilation == (1, 1)
        and module.groups == 1
    )


class FastSteps(nn.Module):
    """ConvNeXt's block, by timm's names of its parts.

    On a CPU in pieces that stay in the cache, on a GPU in few kernels.
    """

    conv_dw: nn.Conv2d
    shortcut: Any
    norm: nn.Module
    mlp: Any
    gamma: nn.Parameter | None

    def norm_rows(self, x: Tensor) -> Tensor:
        """The norm over the channels, (...,C) -> (...,C)."""
        return self.norm(x)

    def forward(self, x: Tensor) -> Tensor:
        """(B,C,H,W) -> (B,C,H,W)."""
        if not self.training and when.on_gpu(x) and self._is_seven():
            return self._forward_kernels(x)
        known = is_plain(self.mlp) or has_grn(self.mlp)
        if self.training or not (known and when.in_pieces(x)):
            return super().forward(x)
        y = self.conv_dw(x).permute(0, 2, 3, 1)
        rows = self.shortcut(x).permute(0, 2, 3, 1)
        summed = add_mlp(
            rows.flatten(1, 2),
            y.flatten(1, 2),
            self.norm_rows,
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
            and isinstance(self.shortcut, nn.Identity)
        )

    def _forward_kernels(self, x: Tensor) -> Tensor:
        convolution = self.conv_dw
        x = x.permute(0, 2, 3, 1).to(convolution.weight.dtype)
        y = when.kernels.depthwise_conv7(
            x, convolution.weight, convolution.bias
        )
        y = run_mlp(self.mlp, self.norm_rows(y))
        if self.gamma is not None:
            y = y * self.gamma
        return (x + y).permute(0, 3, 1, 2)

    @torch.no_grad()
    def fold_layer_scale(self) -> None:
        """Multiply `gamma` into the layer before it: for inference only."""
        if self.gamma is None or not isinstance(self.mlp.fc2, nn.Linear):
            return
        last = self.mlp.fc2
        last.weight = nn.Parameter(last.weight * self.gamma[:, None])
        if last.bias is not None:
            last.bias = nn.Parameter(last.bias * self.gamma)
        self.gamma = None


class FastConvNeXtBlock(FastSteps, ConvNeXtBlock):
    """timm's."""
