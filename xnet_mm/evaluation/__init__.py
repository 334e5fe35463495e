"""Depth metrics by benchmark protocol. Never imports `xnet_mm.models`."""

from ..registry import METRICS, share_with_mmseg
from .depth_metric import DepthProtocolMetric
from .kitti_submission import KITTISubmission

__all__ = ['DepthProtocolMetric', 'KITTISubmission']

share_with_mmseg(METRICS)
