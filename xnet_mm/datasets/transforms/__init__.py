"""Transforms that keep image, depth and intrinsics in step."""

from .color import DepthColorAug
from .crop import DepthRandomCrop, DepthRandomPad, KBCrop, NYUCrop
from .formatting import PackDepthInputs
from .geometry import (
    DepthRandomFlip,
    DepthRandomResize,
    DepthRandomRotate,
    DepthResize,
)
from .loading import LoadDepth

__all__ = [
    'DepthColorAug',
    'DepthRandomCrop',
    'DepthRandomFlip',
    'DepthRandomPad',
    'DepthRandomResize',
    'DepthRandomRotate',
    'DepthResize',
    'KBCrop',
    'LoadDepth',
    'NYUCrop',
    'PackDepthInputs',
]
