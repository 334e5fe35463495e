"""Prediction in half precision with weights that are converted once."""

from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ..models.heads import PFPHead
from .swin import FastConvNeXtBlock


def convert(model: nn.Module, dtype: torch.dtype, image: Tensor) -> None:
    """Let a segmentor predict in half precision, from images in fp32.

    All weights are converted, and no autocast is needed: under it each norm
    reads and writes fp32. Where the model's own code makes fp32 tensors and
    so fails (the masks of MMSegmentation's Swin), norms stay as they are and
    the model puts itself under autocast.

    Args:
        model: prepared for inference, in fp32.
        dtype: bfloat16 or float16.
        image: to try it with, (1,3,H,W).
    """
    head, whole = model.decode_head, set()
    if isinstance(head, PFPHead):  # these are first multiplied, in fp32
        whole = {head.pfp.fuse.project, head.conv_seg}
    rest = []
    parts = [model.backbone, head]
    if model.with_neck:
        parts.append(model.neck)
    for module in chain(*(part.modules() for part in parts)):
        if isinstance(module, FastConvNeXtBlock):
            _put_taps_first(module.conv_dw)
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            if module not in whole:
                module.to(dtype)
        elif not isinstance(module, _BatchNorm):  # takes its sums in fp32
            rest += [
                (own, name, tensor)
                for own in (module._parameters, module._buffers)
                for name, tensor in own.items()
                if tensor is not None and tensor.is_floating_point()
            ]
    for own, name, tensor in rest:
        half = tensor.detach().to(dtype)
        if isinstance(tensor, nn.Parameter):
            half = nn.Parameter(half, requires_grad=False)
        own[name] = half
    plain = type(model)
    _mix_in(model, plain, Half, dtype)
    try:
        model(image, mode='tensor')
    except RuntimeError:  # "expected ... to have the same dtype"
        for own, name, tensor in rest:
            own[name] = tensor
        _mix_in(model, plain, Autocast, dtype)


class Half:
    """Of a segmentor: hands images on in its precision."""

    precision: torch.dtype

    def extract_feat(self, inputs: Tensor) -> Any:
        """Images (B,3,H,W) of any precision -> maps."""
        return super().extract_feat(inputs.to(self.precision))


class Autocast:
    """Of a segmentor: predicts under autocast."""

    precision: torch.dtype

    def encode_decode(self, inputs: Tensor, *args: Any) -> Tensor:
        """Images (B,3,H,W) -> logits (B,K,H,W)."""
        with torch.autocast(inputs.device.type, self.precision):
            return super().encode_decode(inputs, *args)

    def _forward(self, inputs: Tensor, *args: Any) -> Any:
        with torch.autocast(inputs.device.type, self.precision):
            return super()._forward(inputs, *args)


def _mix_in(
    model: nn.Module, plain: type, mixin: type, dtype: torch.dtype
) -> None:
    name = f'{mixin.__name__}{plain.__name__}'
    model.__class__ = type(name, (mixin, plain), {})
    model.precision = dtype


def _put_taps_first(convolution: nn.Conv2d) -> None:
    """In memory (kh,kw,C), as the kernel for GPUs reads a depthwise weight."""
    weight = convolution.weight
    weight.data = weight.permute(1, 2, 3, 0).contiguous().permute(3, 0, 1, 2)
