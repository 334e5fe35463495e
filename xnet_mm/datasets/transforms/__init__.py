"""Transforms: loading, and image, depth and intrinsics in step."""

from .color import DepthColorAug
from .crop import DepthRandomCrop, DepthRandomPad, KBCrop, NYUCrop
from .formatting import PackDepthInputs
from .geometry import DepthRandomFlip, DepthRandomRotate
from .labels import LoadLabels
from .loading import LoadDepth, LoadFileOrArray, LoadImage
from .multi_channel import LoadMultiChannelImage
from .resize import DepthRandomResize, DepthResize, DepthSplatResize

__all__ = [
    'DepthColorAug',
    'DepthRandomCrop',
    'DepthRandomFlip',
    'DepthRandomPad',
    'DepthRandomResize',
    'DepthRandomRotate',
    'DepthResize',
    'DepthSplatResize',
    'KBCrop',
    'LoadDepth',
    'LoadFileOrArray',
    'LoadImage',
    'LoadLabels',
    'LoadMultiChannelImage',
    'NYUCrop',
    'PackDepthInputs',
]
