"""What visualisers of panels have in common: names, files, windows."""

from itertools import count
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmengine.dist import master_only
from mmengine.structures import BaseDataElement
from mmengine.visualization import Visualizer

from ..fileio.atomic import write_atomically


class PanelVisualizer(Visualizer):
    """Draws panels of a sample; subclasses say which, in `draw_panels`.

    Works with MMSegmentation's `SegVisualizationHook` and any of MMEngine's
    backends. Options: MMEngine's own.
    """

    def __init__(self, name: str = 'visualizer', **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self._names: set[tuple[str, int]] = set()

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
            data_sample: Truth and prediction; a panel is left out where
                one is missing.
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
            stem = free = Path(name).stem
            repeats = count(1)
            while (free, step) in self._names:
                free = f'{stem}-{next(repeats)}'
            self._names.add((free, step))
            self.add_image(free, picture, step)
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
        """The picture, (h, w, 3) uint8 RGB, of an image like it."""
        raise NotImplementedError
