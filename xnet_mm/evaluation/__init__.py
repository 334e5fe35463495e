"""Metrics: depth by protocol, boundaries, and tests whose labels are missing.

Never imports `xnet_mm.models`.
"""

from ..registry import EVALUATOR, METRICS, share_with_mmseg
from .boundary_metric import (
    BoundaryMetric,
    DepthBoundaryMetric,
    GridContrast,
)
from .depth_evaluator import DepthEvaluator
from .depth_metric import DepthProtocolMetric
from .kitti_submission import KITTISubmission
from .labelled_evaluator import LabelledEvaluator

__all__ = [
    'BoundaryMetric',
    'DepthBoundaryMetric',
    'DepthEvaluator',
    'DepthProtocolMetric',
    'GridContrast',
    'KITTISubmission',
    'LabelledEvaluator',
]

share_with_mmseg(EVALUATOR)
share_with_mmseg(METRICS)
