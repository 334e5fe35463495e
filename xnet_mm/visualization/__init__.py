"""Pictures: image | truth | prediction panels with a legend or colour bar."""

from ..registry import VISUALIZERS, share_with_mmseg
from .depth_panel_visualizer import DepthPanelVisualizer
from .seg_panel_visualizer import SegPanelVisualizer

__all__ = ['DepthPanelVisualizer', 'SegPanelVisualizer']

share_with_mmseg(VISUALIZERS)
