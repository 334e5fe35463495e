"""Pictures: image | truth | prediction panels with a legend."""

from ..registry import VISUALIZERS, share_with_mmseg
from .seg_panel_visualizer import SegPanelVisualizer

__all__ = ['SegPanelVisualizer']

share_with_mmseg(VISUALIZERS)
