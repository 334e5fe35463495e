"""Visualiser of depth: image | truth | prediction | relative error."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.structures import BaseDataElement

from ..registry import VISUALIZERS
from .depth_colours import depth_range as choose_range
from .depth_panels import draw_depth
from .panel_visualizer import PanelVisualizer, plane


@VISUALIZERS.register_module()
class DepthPanelVisualizer(PanelVisualizer):
    """Draws image, truth, prediction and relative error over colour bars.

    Truth and prediction share one range of colours. A sample holds
    `gt_depth_map` and `pred_depth_map`; where the pipeline cropped the file
    (`crop_box`), so is the image.

    Args:
        name: MMEngine keeps one visualiser of each name.
        depth_range: 'max_depth' (0 to that of `dataset_meta` or, where the
            client sets none, of the sample, so colours compare between
            pictures), 'percentile' (2nd to 98th of each truth) or two
            numbers in metres.
        **kwargs: `PanelVisualizer`'s.

    Raises:
        ValueError: another `depth_range`.
    """

    def __init__(
        self,
        name: str = 'visualizer',
        depth_range: str | Sequence[float] = 'max_depth',
        **kwargs: Any,
    ) -> None:
        super().__init__(name, **kwargs)
        choose_range(depth_range, None, np.empty(0))  # fail now, if at all
        self.depth_range = depth_range

    def draw_panels(
        self,
        image: np.ndarray,
        data_sample: BaseDataElement | None,
        draw_gt: bool = True,
        draw_pred: bool = True,
        with_labels: bool = True,
    ) -> np.ndarray:
        """The picture, (h, w, 3) uint8 RGB; see `draw_depth`.

        It has its bars in any case, as colours alone say nothing.
        """
        sample = BaseDataElement() if data_sample is None else data_sample
        maps = [
            plane(sample.get(key)).astype(np.float32)
            if wanted and key in sample
            else None
            for wanted, key in (
                (draw_gt, 'gt_depth_map'),
                (draw_pred, 'pred_depth_map'),
            )
        ]
        truth, pred = maps
        box = sample.metainfo.get('crop_box')
        if box is not None:
            image = crop_image(image, box)
        known = truth if truth is not None else pred
        limits = choose_range(
            self.depth_range,
            (self.dataset_meta or {}).get('max_depth')
            or sample.metainfo.get('max_depth'),
            np.empty(0) if known is None else known,
        )
        return draw_depth(image, limits, truth, pred)


def crop_image(image: np.ndarray, box: Sequence[int]) -> np.ndarray:
    """The part of a file, (H, W, 3), that a pipeline cut out.

    Args:
        image: the whole file or that part already.
        box: (top, left, height, width), pixels of the file.

    Returns:
        (height, width, 3), a view.
    """
    top, left, height, width = box
    if image.shape[:2] == (height, width):
        return image
    return image[top : top + height, left : left + width]
