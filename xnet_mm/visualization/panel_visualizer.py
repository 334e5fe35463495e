"""What visualisers of panels have in common: names, files, windows."""

import re
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmengine.dist import master_only
from mmengine.structures import BaseDataElement, PixelData
from mmengine.visualization import MLflowVisBackend, WandbVisBackend
from mmseg.utils import get_classes, get_palette
from mmseg.visualization import SegLocalVisualizer

from ..datasets.channel_io import to_picture
from ..fileio.atomic import write_atomically

RGB = 3
MOST = 512  # of what is meant to be 0..255, if distorted
# MMSegInferencer's names for arrays. It shows them as models take them: BGR.
OF_ARRAY = re.compile(r'\d{8}_vis\.jpg')


class PanelVisualizer(SegLocalVisualizer):
    """Draws panels of a sample; subclasses say which, in `draw_panels`.

    Stands wherever MMSegmentation's `SegLocalVisualizer` does: in its
    `SegVisualizationHook`, `MMSegInferencer` and scripts, with any of
    MMEngine's backends. Its `alpha` and `opacity` have nothing to blend, as
    the image has a panel of its own.

    Args:
        name: MMEngine keeps one visualiser of each name.
        classes: Names, until `dataset_meta` says others.
        palette: RGB colours of the classes.
        dataset_name: Of MMSegmentation's data sets, to take both from.
        **kwargs: MMEngine's own.
    """

    def __init__(
        self,
        name: str = 'visualizer',
        *,
        classes: Sequence[str] | None = None,
        palette: Sequence | None = None,
        dataset_name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name, **kwargs)
        self.set_dataset_meta(classes, palette, dataset_name)
        self._names: set[tuple[str, int]] = set()
        self._files: dict[str, str] = {}  # picture -> image
        self._picture: np.ndarray | None = None

    def set_dataset_meta(
        self,
        classes: Sequence[str] | None = None,
        palette: Sequence | None = None,
        dataset_name: str | None = None,
    ) -> None:
        """Set classes and colours; what is None stays as it is.

        MMSegmentation takes Cityscapes' instead.
        """
        if dataset_name is not None:
            classes = classes or get_classes(dataset_name)
            palette = palette or get_palette(dataset_name)
        new = dict(classes=classes, palette=palette)
        known = {key: value for key, value in new.items() if value}
        old: dict = self._dataset_meta or {}
        self.dataset_meta = {**old, **known}

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
        with_labels: bool = True,
        with_image: bool = True,
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
            out_file: Write here instead of to the backends. If that is the
                picture of another image, a number is added.
            step: Number of the sample or iteration.
            with_labels: Name what the colours mean.
            with_image: No matter: the image has a panel of its own.
        """
        meta = {} if data_sample is None else data_sample.metainfo
        path = meta.get('img_path')
        if path is None and OF_ARRAY.fullmatch(name):
            image = image[..., ::-1]
        picture = self.draw_panels(
            as_bytes(image), data_sample, draw_gt, draw_pred, with_labels
        )
        self._picture = picture
        if show:
            self.show(picture, win_name=name, wait_time=wait_time)
        if out_file is not None:
            self._write(Path(out_file), picture, path)
            return
        stem = free = Path(name).stem
        repeats = count(1)
        while (free, step) in self._names:
            free = f'{stem}-{next(repeats)}'
        self._names.add((free, step))
        self.add_image(free, picture, step)

    def set_image(self, image: np.ndarray) -> None:
        """Begin a drawing by MMEngine's `draw_...`."""
        self._picture = None
        super().set_image(image)

    def get_image(self) -> np.ndarray:
        """The last picture or drawing, (h, w, 3) uint8 RGB."""
        if self._picture is None:
            return super().get_image()
        return self._picture  # Matplotlib would take long to copy it

    @master_only
    def add_image(self, name: str, image: np.ndarray, step: int = 0) -> None:
        """Give a picture (H, W, 3) RGB to all backends."""
        for backend in self._vis_backends.values():
            full, given = name, image
            if isinstance(backend, MLflowVisBackend):
                # A file, of a kind by its suffix, whose name lacks the step.
                full = f'{name}_{step}.png'
            elif isinstance(backend, WandbVisBackend):
                # W&B counts by itself.
                wandb = backend.experiment
                given = wandb.Image(image, caption=f'{name}, step {step}')
            backend.add_image(full, given, step)

    def _write(
        self, target: Path, picture: np.ndarray, image_path: str | None
    ) -> None:
        """Write a file, whole or not at all."""
        suffix = target.suffix or '.png'
        if not cv2.haveImageWriter(f'x{suffix}'):
            suffix = '.png'
            target = target.with_name(f'{target.name}{suffix}')
        free, repeats = target, count(1)
        while self._files.get(str(free), image_path) != image_path:
            free = target.with_stem(f'{target.stem}-{next(repeats)}')
        if image_path is not None:
            self._files[str(free)] = image_path
        _, data = cv2.imencode(suffix, picture[..., ::-1])
        write_atomically(free, data.tobytes())

    def draw_panels(
        self,
        image: np.ndarray,
        data_sample: BaseDataElement | None,
        draw_gt: bool = True,
        draw_pred: bool = True,
        with_labels: bool = True,
    ) -> np.ndarray:
        """The picture, (h, w, 3) uint8 RGB, of an image like it."""
        raise NotImplementedError


def as_bytes(image: np.ndarray) -> np.ndarray:
    """An image (H, W, 3) of 0..255, of any type, as uint8.

    Of other channels the first three are shown, or the first as grey, and
    values far beyond 255 are stretched, see `channel_io.to_picture`.
    """
    if image.ndim == 2 or image.shape[2] != RGB:
        planes = image[..., None] if image.ndim == 2 else image
        image = planes[..., : RGB if planes.shape[2] > RGB else 1]
    is_deep = image.dtype != np.uint8 and image.max(initial=0) > MOST
    if is_deep or image.shape[2] != RGB:
        return np.ascontiguousarray(to_picture(image)[..., ::-1])
    if image.dtype == np.uint8:
        return np.ascontiguousarray(image)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def plane(pixels: PixelData) -> np.ndarray:
    """The map of a sample, (1, h, w) or (h, w) tensor or array, as (h, w)."""
    values = pixels.data
    if not isinstance(values, np.ndarray):
        values = values.float().cpu().numpy()
    return values.reshape(values.shape[-2:])
