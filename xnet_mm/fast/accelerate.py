"""The switch: plain boxes become fast ones, and plain again."""

import sys
from collections.abc import Callable
from typing import Any

from mmcv.cnn.bricks.wrappers import Linear as WrappedLinear
from mmseg.models.backbones.swin import ShiftWindowMSA, SwinBlock, WindowMSA
from timm.layers.conv2d_same import Conv2dSame
from timm.models.convnext import ConvNeXtBlock
from timm.models.swin_transformer import SwinTransformerBlock, WindowAttention
from torch import nn

from ..models.depth_heads import PFPDepthHead
from ..models.encoder import PretrainedEncoder
from ..models.heads import PFPHead
from ..models.post_feature_pyramid import PostFeaturePyramid
from ..models.pyramid import PretrainedPyramid
from .convnext import FastConvNeXtBlock, PatchConv2d, takes_patches
from .convolution import FastConv2dSame
from .encoder import FastEncoder, FastPyramid
from .linear import FastLinear, FastWrappedLinear
from .pfp import FastPFPDepthHead, FastPFPHead, FastPostFeaturePyramid
from .swin import FastSwinTransformerBlock, FusedWindowAttention
from .swin_mmseg import FastShiftWindowMSA, FastSwinBlock, FusedWindowMSA

# Plain class -> fast class: the same attributes and parameters, another
# `forward`. Exact classes only: what a subclass changes is not known here.
FAST: dict[type[nn.Module], type[nn.Module]] = {
    nn.Conv2d: PatchConv2d,
    nn.Linear: FastLinear,
    Conv2dSame: FastConv2dSame,
    ConvNeXtBlock: FastConvNeXtBlock,
    PFPDepthHead: FastPFPDepthHead,
    PFPHead: FastPFPHead,
    PostFeaturePyramid: FastPostFeaturePyramid,
    PretrainedEncoder: FastEncoder,
    PretrainedPyramid: FastPyramid,
    ShiftWindowMSA: FastShiftWindowMSA,
    SwinBlock: FastSwinBlock,
    SwinTransformerBlock: FastSwinTransformerBlock,
    WindowAttention: FusedWindowAttention,
    WindowMSA: FusedWindowMSA,
    WrappedLinear: FastWrappedLinear,
}
# Slow to import, and maybe not installed: only once somebody else has.
MMPRETRAIN = 'mmpretrain.models.backbones.convnext'
PLAIN = {fast: plain for plain, fast in FAST.items()}
# Where not every module of a class can be exchanged: which ones can.
FITS: dict[type[nn.Module], Callable[[Any], bool]] = {
    nn.Conv2d: takes_patches,
    ConvNeXtBlock: lambda block: not block.use_conv_mlp,
    SwinTransformerBlock: lambda block: block.dynamic_mask,
}


def accelerate(model: nn.Module) -> nn.Module:
    """Let the boxes of any model run faster, in place.

    Ours, timm's Swin and ConvNeXt, MMSegmentation's Swin, MMPretrain's
    ConvNeXt, linear layers, stems of patches and timm's 'same' padding.

    Parameters, their names and the results stay what they are, up to
    rounding: within 1e-5 of the largest value in fp32. In half precision on
    a GPU, GELU is its form with tanh, 5e-4 off at most (see
    `mlp.run_mlp`). Hooks of PFP's last layer and of the probe are called:
    while there are any, these two run as they stand.

    Args:
        model: plain, or accelerated already; in training or evaluation.

    Returns:
        The same model.
    """
    _learn_mmpretrain()
    for module in model.modules():
        fits = FITS.get(_base(module), lambda module: True)
        if fits(module):
            _exchange(module, FAST)
    return model


def restore(model: nn.Module) -> nn.Module:
    """Undo `accelerate`: every module has its own class again.

    What `prepare_for_inference` multiplied in stays so.

    Returns:
        The same model.
    """
    for module in model.modules():
        _exchange(module, PLAIN)
    return model


def count_fast(model: nn.Module) -> int:
    """How many modules of a model are fast ones."""
    return sum(_base(module) in PLAIN for module in model.modules())


def _learn_mmpretrain() -> None:
    """Put its ConvNeXt into the tables, if a model can have it."""
    if MMPRETRAIN not in sys.modules:
        return
    from .convnext_mmpretrain import (
        ConvNeXtBlock,
        FastMMConvNeXtBlock,
        takes_rows,
    )

    FAST[ConvNeXtBlock] = FastMMConvNeXtBlock
    PLAIN[FastMMConvNeXtBlock] = ConvNeXtBlock
    FITS[ConvNeXtBlock] = takes_rows


def _base(module: nn.Module) -> type[nn.Module]:
    """The module's class, without what FSDP2 puts around it.

    `fully_shard` makes `FSDPBlock(FSDPModule, Block)` of a `Block`.
    """
    kind = type(module)
    inner = kind.__bases__[-1]
    return inner if kind.__name__ == f'FSDP{inner.__name__}' else kind


def _exchange(
    module: nn.Module, table: dict[type[nn.Module], type[nn.Module]]
) -> None:
    kind, base = type(module), _base(module)
    new = table.get(base)
    if new is None:
        return
    if kind is not base:
        around = kind.__bases__[:-1]
        new = type(f'FSDP{new.__name__}', (*around, new), dict(vars(kind)))
    module.__class__ = new
