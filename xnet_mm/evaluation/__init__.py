"""Depth metrics by benchmark protocol. Never imports `xnet_mm.models`."""

from ..registry import METRICS, share_with_mmseg
from .depth_metric import DepthProtocolMetric

__all__ = ['DepthProtocolMetric']

share_with_mmseg(METRICS)
