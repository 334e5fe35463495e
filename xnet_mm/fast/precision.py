"""Prediction in half precision with weights that are converted once."""

import re
from itertools import chain
from typing import TYPE_CHECKING, Any

import torch
from mmseg.models.segmentors import EncoderDecoder
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ..compat import tree_leaves
from .convnext import FastSteps

# How PyTorch's operators say that two precisions meet, or that they have no
# code for one: "expected m1 and m2 to have the same dtype, but got: ...",
# "Input type (float) and bias type (c10::BFloat16) should be the same",
# "... not implemented for 'Half'".
MISMATCH = re.compile(
    r"\bdtypes?\b|\btype .* should be the same|not implemented for '"
)


def convert(model: EncoderDecoder, dtype: torch.dtype, image: Tensor) -> str:
    """Let a segmentor predict in half precision, from images in fp32.

    All weights are converted, and no autocast is needed: under it each norm
    reads and writes fp32. Where the model's own code makes fp32 tensors and
    so fails (masks, say), norms stay as they are and
    the model puts itself under autocast.

    Tensors are replaced, never written to.

    Args:
        model: prepared for inference, in fp32.
        dtype: bfloat16 or float16.
        image: to try it with, (1,3,H,W).

    Returns:
        How the model now runs, for the log.

    Raises:
        RuntimeError: the results are not finite (float16 ends at 65504), or
            the model fails for another reason than its precision: memory,
            say, which autocast would not mend.
    """
    rest = []
    parts = [model.backbone, model.decode_head]
    parts += [
        part
        for name in ('neck', 'depth_head')
        if (part := getattr(model, name, None)) is not None
    ]
    for module in chain(*(part.modules() for part in parts)):
        if isinstance(module, _BatchNorm):  # takes its sums in fp32
            continue
        for own in (module._parameters, module._buffers):
            for name, tensor in own.items():
                if tensor is None or not tensor.is_floating_point():
                    continue
                if not isinstance(module, (nn.Linear, nn.Conv2d)):
                    rest.append((own, name, tensor))
                own[name] = _half(tensor, dtype)
        if isinstance(module, FastSteps):
            _put_taps_first(module.conv_dw)
    plain = type(model)
    how = f'in {_name(dtype)}, all weights converted'
    _mix_in(model, plain, Half, dtype)
    try:
        outputs = model(image, mode='tensor')
    except torch.cuda.OutOfMemoryError:
        raise
    except RuntimeError as error:
        if not MISMATCH.search(str(error)):
            raise
        for own, name, tensor in rest:
            own[name] = tensor
        _mix_in(model, plain, Autocast, dtype)
        outputs = model(image, mode='tensor')
        reason = str(error).strip().splitlines()[0]
        how = (
            f'under autocast to {_name(dtype)}, for its code mixes '
            f'precisions ({reason[:120]})'
        )
    for leaf in tree_leaves(outputs):
        if isinstance(leaf, Tensor) and not leaf.isfinite().all():
            raise RuntimeError(
                f'{plain.__name__} gives NaN or infinity in {_name(dtype)}. '
                'Use bfloat16, whose range is that of float32, or float32.'
            )
    return how


if TYPE_CHECKING:  # what the two are mixed into
    from mmseg.models.segmentors import EncoderDecoder as _Segmentor
else:
    _Segmentor = object


class Half(_Segmentor):
    """Of a segmentor: hands images on in its precision."""

    precision: torch.dtype

    def extract_feat(self, inputs: Tensor) -> Any:
        """Images (B,3,H,W) of any precision -> maps."""
        return super().extract_feat(inputs.to(self.precision))


class Autocast(_Segmentor):
    """Of a segmentor: predicts under autocast."""

    precision: torch.dtype

    def encode_decode(self, inputs: Tensor, *args: Any) -> Tensor:
        """Images (B,3,H,W) -> logits (B,K,H,W)."""
        with torch.autocast(inputs.device.type, self.precision):
            return super().encode_decode(inputs, *args)

    def _forward(self, inputs: Tensor, *args: Any) -> Any:
        with torch.autocast(inputs.device.type, self.precision):
            return super()._forward(inputs, *args)


def _half(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    half = tensor.detach().to(dtype)
    if isinstance(tensor, nn.Parameter):
        return nn.Parameter(half, requires_grad=False)
    return half


def _mix_in(
    model: EncoderDecoder, plain: type, mixin: type, dtype: torch.dtype
) -> None:
    name = f'{mixin.__name__}{plain.__name__}'
    model.__class__ = type(name, (mixin, plain), {})
    model.precision = dtype


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix('torch.')


def _put_taps_first(convolution: nn.Conv2d) -> None:
    """In memory (kh,kw,C), as the kernel for GPUs reads a depthwise weight."""
    taps = convolution.weight.permute(1, 2, 3, 0).contiguous()
    convolution.weight = nn.Parameter(
        taps.permute(3, 0, 1, 2), requires_grad=False
    )
