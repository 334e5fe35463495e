"""The boxes of the figure, in the order of the data flow."""

from ..registry import MODELS, share_with_mmseg
from .decoder import PretrainedReversedDecoder
from .depth_estimator import (
    DepthDataPreProcessor,
    DepthTTAModel,
    MonoDepthEstimator,
)
from .depth_heads import (
    DPTDepthHead,
    LinearDepthHead,
    PFPDepthHead,
    UPerDepthHead,
)
from .depth_segmentor import (
    DepthSegDataPreProcessor,
    DepthSegmentor,
    DepthSegTTAModel,
)
from .encoder import PretrainedEncoder
from .fpn_decoder import FPNDecoder
from .heads import PFPHead
from .hierarchy import Hierarchy, build_hierarchy
from .losses import ScaleInvariantLogLoss
from .lovasz_loss import LovaszSoftmaxLoss
from .mask2former_head import CheckedMask2FormerHead, CheckedMaskFormerHead
from .peer_heads import DPTPyramidHead, LinearHead
from .post_feature_pyramid import PostFeaturePyramid
from .preprocessor import MultiChannelDataPreProcessor
from .pyramid import PretrainedPyramid
from .reshape import ReShape
from .weighted_loss import WeightedCrossEntropyLoss

__all__ = [
    'CheckedMask2FormerHead',
    'CheckedMaskFormerHead',
    'DPTDepthHead',
    'DPTPyramidHead',
    'DepthDataPreProcessor',
    'DepthSegDataPreProcessor',
    'DepthSegTTAModel',
    'DepthSegmentor',
    'DepthTTAModel',
    'FPNDecoder',
    'Hierarchy',
    'LinearDepthHead',
    'LinearHead',
    'LovaszSoftmaxLoss',
    'MonoDepthEstimator',
    'MultiChannelDataPreProcessor',
    'PFPDepthHead',
    'PFPHead',
    'PostFeaturePyramid',
    'PretrainedEncoder',
    'PretrainedPyramid',
    'PretrainedReversedDecoder',
    'ReShape',
    'ScaleInvariantLogLoss',
    'UPerDepthHead',
    'WeightedCrossEntropyLoss',
    'build_hierarchy',
]

share_with_mmseg(MODELS)
