"""MMPretrain's ConvNeXt, by the steps of ours: for peers, run as fast."""

import torch.nn.functional as F
from mmpretrain.models.backbones.convnext import ConvNeXtBlock
from mmpretrain.models.utils import LayerNorm2d
from torch import Tensor, nn

from .convnext import FastSteps
from .mlp import Layers


class FastMMConvNeXtBlock(FastSteps, ConvNeXtBlock):
    """Its parts by timm's names."""

    depthwise_conv: nn.Conv2d
    pointwise_conv1: nn.Linear
    act: nn.Module
    pointwise_conv2: nn.Linear
    norm: nn.LayerNorm

    @property
    def conv_dw(self) -> nn.Conv2d:  # type: ignore[override]
        """The depthwise convolution."""
        return self.depthwise_conv

    @property
    def mlp(self) -> Layers:
        """Between the norm and the layer scale."""
        return Layers(self.pointwise_conv1, self.act, self.pointwise_conv2)

    @property
    def shortcut(self) -> nn.Module:
        """The input as it is."""
        return nn.Identity()

    def norm_rows(self, x: Tensor) -> Tensor:
        """(...,C) -> (...,C): the norm itself takes maps (B,H,W,C) only."""
        norm = self.norm
        return F.layer_norm(
            x, norm.normalized_shape, norm.weight, norm.bias, norm.eps
        )


def takes_rows(block: ConvNeXtBlock) -> bool:
    """Whether a block has V1's layers, and its MLP is linear layers."""
    return (
        block.linear_pw_conv
        and block.grn is None
        and type(block.norm) is LayerNorm2d
    )
