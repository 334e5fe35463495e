"""Pictures: image | truth | prediction panels with a legend or colour bar."""

from ..registry import VISUALIZERS, share_with_mmseg
from .depth_panel_visualizer import DepthPanelVisualizer
from .depth_seg_panel_visualizer import DepthSegPanelVisualizer
from .seg_panel_visualizer import SegPanelVisualizer

__all__ = [
    'DepthPanelVisualizer',
    'DepthSegPanelVisualizer',
    'SegPanelVisualizer',
]

share_with_mmseg(VISUALIZERS)
