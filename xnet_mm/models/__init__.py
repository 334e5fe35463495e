"""The boxes of the figure, in the order of the data flow."""

from ..registry import MODELS, share_with_mmseg
from .decoder import PretrainedReversedDecoder
from .encoder import PretrainedEncoder
from .heads import PFPHead
from .hierarchy import Hierarchy, build_hierarchy
from .post_feature_pyramid import PostFeaturePyramid
from .reshape import ReShape

__all__ = [
    'Hierarchy',
    'PFPHead',
    'PostFeaturePyramid',
    'PretrainedEncoder',
    'PretrainedReversedDecoder',
    'ReShape',
    'build_hierarchy',
]

share_with_mmseg(MODELS)
