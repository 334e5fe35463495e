"""Visualiser of segmentation: image | truth | prediction, with a legend."""

from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmengine.dist import master_only
from mmengine.structures import BaseDataElement, PixelData
from mmengine.visualization import Visualizer

from ..engine.atomic import write_atomically
from ..registry import VISUALIZERS
from .panels import colour_labels, legend, side_by_side, stack


@VISUALIZERS.register_module()
class SegPanelVisualizer(Visualizer):
    """Draws image, truth and prediction side by side over a legend.

    Colours and names come from `dataset_meta`, which MMEngine's loops set;
    void pixels are black; the legend names the classes that occur. Works
    with MMSegmentation's `SegVisualizationHook`. Options: MMEngine's own.
    """

    def __init__(self, name: str = 'visualizer', **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self._names = Counter()

    @property
    def picture_dir(self) -> str | None:
        """Folder of the pictures, if a backend writes to the disk."""
        backend = self._vis_backends.get('LocalVisBackend')
        if backend is None:
            return None
        backend.experiment  # noqa: B018  (sets up the folder's name)
        return str(backend._img_save_dir)

    @master_only
    def add_datasample(
        self,
        name: str,
        image: np.ndarray,
        data_sample: BaseDataElement | None = None,
        draw_gt: bool = True,
        draw_pred: bool = True,
        show: bool = False,
        wait_time: float = 0,
        out_file: str | None = None,
        step: int = 0,
    ) -> None:
        """Draw one sample and give it to the window, file or backends.

        Args:
            name: Of the picture; an image suffix is dropped. Backends add
                `step`; a name that comes again gets a number, so equal
                names from two folders stay apart.
            image: (H, W, 3) RGB.
            data_sample: Holds `gt_sem_seg` and `pred_sem_seg`; a panel is
                left out where one is missing.
            draw_gt: Draw the truth.
            draw_pred: Draw the prediction.
            show: Open a window.
            wait_time: Seconds until the window closes; 0 waits for a key.
            out_file: Write here instead of to the backends.
            step: Number of the sample or iteration.
        """
        picture = self.draw_panels(image, data_sample, draw_gt, draw_pred)
        if show:
            self.show(picture, win_name=name, wait_time=wait_time)
        if out_file is None:
            stem = Path(name).stem
            repeats = self._names[stem, step]
            self._names[stem, step] += 1
            stem += f'-{repeats}' if repeats else ''
            self.add_image(stem, picture, step)
        else:
            suffix = Path(out_file).suffix or '.png'
            _, data = cv2.imencode(suffix, picture[..., ::-1])
            write_atomically(out_file, data.tobytes())

    def draw_panels(
        self,
        image: np.ndarray,
        data_sample: BaseDataElement | None,
        draw_gt: bool = True,
        draw_pred: bool = True,
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
        if not ids:
            return picture
        return stack(
            picture, legend(classes, palette, sorted(ids), picture.shape[1])
        )


def _label_map(sem_seg: PixelData, size: tuple[int, int]) -> np.ndarray:
    """(1, h, w) labels of a sample as (H, W) int32 of the image's size."""
    labels = np.asarray(sem_seg.data.cpu()).squeeze(0).astype(np.int32)
    if labels.shape == size:
        return labels
    return cv2.resize(labels, size[::-1], interpolation=cv2.INTER_NEAREST)
