"""Where predictions go: label maps, depth maps and their pictures."""

from collections.abc import Sequence
from functools import reduce
from io import BytesIO
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import torch
from mmengine.structures import BaseDataElement

from ..datasets.label_ids import file_ids
from ..fileio.atomic import write_atomically
from ..visualization.panels import legend, overlay, stack


class PredictionWriter(Protocol):
    """What tools/predict.py needs of a kind of prediction.

    Attributes:
        picture_dir: Folder name of the pictures.
        kinds: What is written, for the last line on the screen.
    """

    picture_dir: str
    kinds: str

    def write(
        self, name: str, image: np.ndarray, result: BaseDataElement
    ) -> np.ndarray:
        """Write the files of one image and return its picture.

        Args:
            name: of the outputs, without a suffix; it may name folders.
            image: (H,W,3) uint8 BGR.
            result: the model's sample of it.

        Returns:
            (h,w,3) uint8 BGR, for `PictureFiles` or `PictureVideo`.
        """

    def draw(
        self, name: str, image: np.ndarray, result: BaseDataElement
    ) -> np.ndarray:
        """The picture of `write`, which writes its files too."""

    def close(self) -> None:
        """Write what belongs to all images."""


class Origin(Protocol):
    """What knows the data that a prediction's model was trained on.

    Attributes:
        meta: `dataset_meta` of its checkpoint.
        checkpoint: path of it, for errors.
    """

    @property
    def meta(self) -> dict:
        """See above."""

    @property
    def checkpoint(self) -> str:
        """See above."""


class LabelWriter:
    """`labels/NAME.png` (class ids), overlays, and `legend.png`.

    The ids are those of the label maps that the model was trained on, see
    `file_ids`.

    Args:
        out_dir: Folder of all outputs.
        origin: Knows the classes and their colours.
        opacity: Of the colours over the image, 0 to 1.

    Raises:
        ValueError: the checkpoint has no classes.
    """

    picture_dir, kinds = 'overlays', 'Labels and overlays'

    def __init__(self, out_dir: Path, origin: Origin, opacity: float) -> None:
        meta = origin.meta
        if not meta.get('classes') or not meta.get('palette'):
            raise ValueError(
                f'{origin.checkpoint} does not say its classes and '
                f'palette (it has {sorted(meta)}). Take a checkpoint that '
                'tools/train.py wrote.'
            )
        self.classes, self.palette = meta['classes'], meta['palette']
        self.ids = file_ids(meta)
        self.out_dir, self.opacity = out_dir, opacity

    def write(
        self, name: str, image: np.ndarray, result: BaseDataElement
    ) -> np.ndarray:
        """Write the labels, uint8 or for ids above 255 uint16.

        The image is (H,W,3) BGR, as is the overlay that is returned.

        Raises:
            ValueError: a class that the checkpoint does not name.
        """
        labels = self._labels(name, result)
        write_png(self.out_dir / 'labels' / f'{name}.png', self.ids[labels])
        return self.draw(name, image, result)

    def draw(
        self, name: str, image: np.ndarray, result: BaseDataElement
    ) -> np.ndarray:
        """The overlay of `write`, which writes its files too.

        Raises:
            ValueError: a class that the checkpoint does not name.
        """
        labels = self._labels(name, result)
        rgb = image[..., ::-1]
        return overlay(rgb, labels, self.palette, self.opacity)[..., ::-1]

    def _labels(self, name: str, result: BaseDataElement) -> np.ndarray:
        labels = labels_of(result)
        if labels.max() >= len(self.ids):
            raise ValueError(
                f'{name}: the model predicts class {labels.max()}, its '
                f'checkpoint names {len(self.ids)} classes. Take the config '
                'and the checkpoint of one training.'
            )
        return labels

    def close(self) -> None:
        """Write the legend."""
        ids = range(len(self.classes))
        strip = legend(self.classes, self.palette, ids, 640)
        write_png(self.out_dir / 'legend.png', strip[..., ::-1])


class SeveralWriters:
    """The files of several kinds of prediction, their pictures stacked.

    Args:
        writers: one a kind, in the order of the pictures.
    """

    picture_dir = 'pictures'

    def __init__(self, writers: Sequence[PredictionWriter]) -> None:
        self.writers = writers
        self.kinds = ', '.join(writer.kinds for writer in writers)

    def write(
        self, name: str, image: np.ndarray, result: BaseDataElement
    ) -> np.ndarray:
        """Write all files of a BGR image (H,W,3); see the writers."""
        pictures = [w.write(name, image, result) for w in self.writers]
        return reduce(stack, pictures)

    def draw(
        self, name: str, image: np.ndarray, result: BaseDataElement
    ) -> np.ndarray:
        """The picture of `write`, which writes its files too."""
        pictures = [w.draw(name, image, result) for w in self.writers]
        return reduce(stack, pictures)

    def close(self) -> None:
        """Write what belongs to all images."""
        for writer in self.writers:
            writer.close()


def labels_of(result: BaseDataElement) -> np.ndarray:
    """(H,W) int64, the class of each pixel in a model's sample.

    MMSegmentation gives the labels of a head of one channel as floats.
    """
    labels = result.pred_sem_seg.data.squeeze(0)
    return labels.to('cpu', torch.int64).numpy()


class PictureFiles:
    """Pictures as `FOLDER/NAME.png`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, name: str, picture: np.ndarray) -> None:
        """Write a BGR picture (H,W,3)."""
        write_png(self.folder / f'{name}.png', picture)

    def close(self) -> None:
        """Nothing is left to do."""

    def discard(self) -> None:
        """What is written is whole, and stays."""


class PictureVideo:
    """Pictures as the frames of an mp4, which is whole or not there.

    Args:
        path: Of the file.
        fps: Frames per second.
    """

    def __init__(self, path: Path, fps: float) -> None:
        self.path, self.fps = path, fps
        self._temporary = path.with_name(f'{path.stem}.tmp.mp4')
        self._writer: cv2.VideoWriter | None = None

    def add(self, name: str, picture: np.ndarray) -> None:
        """Append a BGR picture (H,W,3) of the first one's size."""
        # Players want even sizes.
        rows, columns = (-picture.shape[0] % 2, -picture.shape[1] % 2)
        picture = cv2.copyMakeBorder(
            picture, 0, rows, 0, columns, cv2.BORDER_REPLICATE
        )
        if self._writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = cv2.VideoWriter(
                str(self._temporary),
                cv2.VideoWriter.fourcc(*'mp4v'),
                self.fps,
                picture.shape[1::-1],
            )
        self._writer.write(picture)

    def close(self) -> None:
        """End the file and give it its name; without frames there is none."""
        if self._writer is not None:
            self._writer.release()
            self._temporary.replace(self.path)

    def discard(self) -> None:
        """End without a file."""
        if self._writer is not None:
            self._writer.release()
            self._temporary.unlink(missing_ok=True)


def write_png(path: Path, image: np.ndarray) -> None:
    """Write labels (H,W) or a BGR image (H,W,3), whole or not at all."""
    write_atomically(path, cv2.imencode('.png', image)[1].tobytes())


def write_npy(path: Path, array: np.ndarray) -> None:
    """Write an array of any shape for `np.load`, whole or not at all."""
    data = BytesIO()
    np.save(data, array, allow_pickle=False)
    write_atomically(path, data.getvalue())
