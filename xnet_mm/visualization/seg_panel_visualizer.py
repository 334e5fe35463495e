"""Visualiser of segmentation: image | truth | prediction, with a legend."""

import cv2
import numpy as np
from mmengine.structures import BaseDataElement, PixelData

from ..registry import VISUALIZERS
from .panel_visualizer import PanelVisualizer, plane
from .panels import colour_labels, legend, side_by_side, stack


@VISUALIZERS.register_module()
class SegPanelVisualizer(PanelVisualizer):
    """Draws image, truth and prediction side by side over a legend.

    Colours and names come from `dataset_meta`, which MMEngine's loops set;
    void pixels are black; the legend names the classes that occur. A sample
    holds `gt_sem_seg` and `pred_sem_seg`. Options: `PanelVisualizer`'s.
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
        meta = self.dataset_meta or {}
        if 'classes' not in meta or 'palette' not in meta:
            raise ValueError(
                'SegPanelVisualizer needs dataset_meta with `classes` and '
                f'`palette`, got {sorted(meta)}. Set both in the METAINFO of '
                'the data set (or in `metainfo` of its config).'
            )
        classes, palette = meta['classes'], meta['palette']
        panels, ids = {'image': image}, set()
        for wanted, key, title in (
            (draw_gt, 'gt_sem_seg', 'truth'),
            (draw_pred, 'pred_sem_seg', 'prediction'),
        ):
            if wanted and data_sample is not None and key in data_sample:
                labels = _label_map(data_sample.get(key), image.shape[:2])
                panels[title] = colour_labels(labels, palette)
                ids.update(np.unique(labels).tolist())
        picture = side_by_side(panels)
        if not ids or not with_labels:
            return picture
        return stack(
            picture, legend(classes, palette, sorted(ids), picture.shape[1])
        )


def _label_map(sem_seg: PixelData, size: tuple[int, int]) -> np.ndarray:
    """(1, h, w) labels of a sample as (H, W) int32 of the image's size."""
    labels = plane(sem_seg).astype(np.int32)
    if labels.shape == size:
        return labels
    return cv2.resize(labels, size[::-1], interpolation=cv2.INTER_NEAREST)
