"""Visualiser of classes and depth: the panels of the one above the other."""

import numpy as np
from mmengine.structures import BaseDataElement

from ..registry import VISUALIZERS
from .depth_panel_visualizer import DepthPanelVisualizer
from .panels import stack
from .seg_panel_visualizer import SegPanelVisualizer


@VISUALIZERS.register_module()
class DepthSegPanelVisualizer(DepthPanelVisualizer, SegPanelVisualizer):
    """Draws `SegPanelVisualizer`'s picture above `DepthPanelVisualizer`'s.

    Options: those of `DepthPanelVisualizer`.
    """

    def draw_panels(
        self,
        image: np.ndarray,
        data_sample: BaseDataElement | None,
        draw_gt: bool = True,
        draw_pred: bool = True,
        with_labels: bool = True,
    ) -> np.ndarray:
        """The picture, (h, w, 3) uint8 RGB.

        Raises:
            ValueError: `dataset_meta` has no classes and palette.
        """
        what = image, data_sample, draw_gt, draw_pred, with_labels
        return stack(
            SegPanelVisualizer.draw_panels(self, *what),
            DepthPanelVisualizer.draw_panels(self, *what),
        )
