"""Linear layers by the library that is fastest for them."""

import platform
from math import prod
from typing import Any

import torch
import torch.nn.functional as F
from mmcv.cnn.bricks.wrappers import Linear as WrappedLinear
from torch import Tensor, nn

from ..compat import register_flop_formula
from . import when

# oneDNN's linear layer, the operator that torch.compile puts in on a CPU.
# F.linear calls MKL, which leaves a quarter of an AMD processor idle.
ONEDNN = getattr(torch.ops.mkldnn, '_linear_pointwise', None)
if platform.machine() not in ('x86_64', 'AMD64'):
    ONEDNN = None  # not measured on others
ONEDNN_MACS = 2**24  # a smaller product is over before oneDNN has started


def linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """F.linear, by oneDNN where that is faster: rows (...,C) -> (...,C')."""
    if (
        ONEDNN is None
        or x.numel() * len(weight) < ONEDNN_MACS
        or not when.in_pieces(x)
        or x.dtype != torch.float32  # there F.linear is oneDNN's
        or when.autocast_dtype(x.dtype) != x.dtype
    ):
        return F.linear(x, weight, bias)
    return ONEDNN(x, weight, bias, 'none', [], '')


class FastLinear(nn.Linear):
    """nn.Linear by `linear`."""

    def forward(self, x: Tensor) -> Tensor:
        """(...,C) -> (...,C')."""
        return linear(x, self.weight, self.bias)


class FastWrappedLinear(WrappedLinear):
    """mmcv's, which is nn.Linear but for PyTorch before 1.5."""

    def forward(self, x: Tensor) -> Tensor:
        """(...,C) -> (...,C')."""
        return linear(x, self.weight, self.bias)


if ONEDNN is not None:

    @register_flop_formula(ONEDNN)
    def _linear_flops(x: list, weight: list, *_: Any, **__: Any) -> int:
        return 2 * prod(x) * weight[0]
