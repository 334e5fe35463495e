"""Metrics: depth by protocol, and tests whose labels are partly missing.

Never imports `xnet_mm.models`.
"""

from ..registry import EVALUATOR, METRICS, share_with_mmseg
from .depth_evaluator import DepthEvaluator
from .depth_metric import DepthProtocolMetric
from .kitti_submission import KITTISubmission
from .labelled_evaluator import LabelledEvaluator

__all__ = [
    'DepthEvaluator',
    'DepthProtocolMetric',
    'KITTISubmission',
    'LabelledEvaluator',
]

share_with_mmseg(EVALUATOR)
share_with_mmseg(METRICS)
