"""Depth metrics by benchmark protocol. Never imports `xnet_mm.models`."""

from ..registry import METRICS, share_with_mmseg

__all__ = []

share_with_mmseg(METRICS)
