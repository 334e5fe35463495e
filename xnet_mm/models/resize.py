"""Bring a map to a size: what is done where strides do not divide."""

import torch
import torch.nn.functional as F
from torch import Tensor


def resize_to(
    x: Tensor, size: torch.Size, align_corners: bool = False
) -> Tensor:
    """Bring (B,C,H,W) to `size`; strides rarely divide an image exactly."""
    if x.shape[-2:] == size:
        return x
    return F.interpolate(
        x, size=size, mode='bilinear', align_corners=align_corners
    )
