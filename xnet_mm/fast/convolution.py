"""Convolutions with timm's 'same' padding, without the padding.

With a stride of 2 there is one more column on one side than on the other,
which no operator of PyTorch knows, so timm copies the whole map. A column of
zeros in the *weight* does the same:

    . x x x x     pad (0,1), weight a b c:    a b c        reads 0,1,2
    . x x x x .   pad (1,1), weight 0 a b c:  0 a b c      likewise
"""

import torch.nn.functional as F
from timm.layers.conv2d_same import Conv2dSame
from torch import Tensor, nn

from . import when


class FastConv2dSame(Conv2dSame):
    """timm's convolution with 'same' padding, without a padded copy."""

    def forward(self, x: Tensor) -> Tensor:
        """(B,C,H,W) -> (B,C',ceil(H/s),ceil(W/s))."""
        if not when.in_pieces(x) or self.dilation != (1, 1):
            return super().forward(x)
        front, padding = same_padding(self, x)
        weight = F.pad(self.weight, front)
        return F.conv2d(
            x, weight, self.bias, self.stride, padding, 1, self.groups
        )


def same_padding(
    layer: nn.Conv2d, x: Tensor
) -> tuple[tuple[int, int, int, int], tuple[int, int]]:
    """'Same' padding as zeros before the weight and equal sides.

    Args:
        layer: whose kernel and stride count.
        x: what it takes in, (B,C,H,W).

    Returns:
        Columns and rows of zeros for `F.pad(weight, ...)`, and the padding
        of both sides, (rows, columns).
    """
    more, sides = [], []
    for size, kernel, stride in zip(
        x.shape[2:], layer.kernel_size, layer.stride, strict=True
    ):
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        more.append(total % 2)
        sides.append(total - total // 2)
    return (more[1], 0, more[0], 0), (sides[0], sides[1])
