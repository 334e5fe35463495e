"""An image seen through tiles, as rows of finished predictions."""

from collections.abc import Iterator
from copy import copy
from math import ceil
from typing import NamedTuple

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from torch import Tensor

from ..checks import LEAST_TILE, MOST_TILE, is_whole
from ..fileio.pairing import depth_head_of
from ..fileio.rasters import RowReader
from ..models import MonoDepthEstimator
from .pipeline import PlainPipeline
from .predictor import Predictor
from .scores import class_probabilities
from .tiling import predict_tiles, spans

LONGEST = 2048  # pixels of a picture's longer side
# Of a strip's maps -> of a sample.
FIELDS = dict(
    labels='pred_sem_seg', confidence='confidence', depth='pred_depth_map'
)


class Strip(NamedTuple):
    """Finished rows of an image, from its left to its right border.

    Attributes:
        top: Number of the first row.
        image: (h,W,3) uint8 BGR, what people are shown.
        scores: (K,h,W) float32, probabilities of the classes that are kept.
        maps: What is predicted, (h,W) each: of classes `labels`, the class
            of each pixel, and `confidence`, float32, its probability; and
            `depth`, float32 metres.
    """

    top: int
    image: np.ndarray
    scores: np.ndarray
    maps: dict[str, np.ndarray]


class Tiler:
    """A model that sees one tile at a time, at the image's own scale.

    The `Resize` of the test pipeline is left out: it makes images of one
    size fit for the model, and means nothing for a part of one.

    Args:
        predictor: The model.
        cfg: Of its pipeline.
        tile: Side of a tile, pixels.
        gives_logits: See `Facts`.

    Attributes:
        has_classes: Whether the model predicts classes.
        has_depth: Whether it predicts depth.
        num_classes: How many; 0 without.

    Raises:
        ValueError: no such tile.
    """

    def __init__(
        self, predictor: Predictor, cfg: Config, tile: int, gives_logits: bool
    ) -> None:
        if not is_whole(tile) or not LEAST_TILE <= tile <= MOST_TILE:
            raise ValueError(
                f'tile={tile!r}, wanted a number of pixels from '
                f'{LEAST_TILE} to {MOST_TILE}'
            )
        model = predictor.model
        self.has_classes = not isinstance(model, MonoDepthEstimator)
        self.has_depth = depth_head_of(model) is not None
        self.num_classes = 0
        # Of a head of one channel, which says how likely class 1 is.
        self._threshold: float | None = None
        if self.has_classes:
            channels = model.decode_head.out_channels
            self.num_classes = max(channels, 2)
            if channels == 1:
                self._threshold = model.decode_head.threshold
        self.tile, self._gives_logits = tile, gives_logits
        self._predictor = copy(predictor)
        self._predictor.pipeline = PlainPipeline(cfg, resize=False)

    def strips(
        self, reader: RowReader, name: str, classes: list[int]
    ) -> Iterator[Strip]:
        """The rows of an image, from top to bottom, each once.

        Args:
            reader: Of the image.
            name: Of the image, for errors.
            classes: Those whose probabilities are kept.

        Raises:
            ValueError: a part of the image cannot be read, or a prediction
                is not finite or of another size than its tile.
        """
        width = reader.size[1]
        window = _Window(reader)

        def predict(top: int, left: int, bottom: int, right: int) -> Tensor:
            rows = window.move(top, bottom)
            image = np.ascontiguousarray(rows[:, left:right])
            return self._channels(image, f'{name}, pixel {left}, {top}')

        for top, left, piece in predict_tiles(reader.size, self.tile, predict):
            values = self._reduce(piece, classes)
            if left == 0:
                found = np.empty((*values.shape[:2], width), np.float32)
            end = left + values.shape[2]
            found[:, :, left:end] = values
            if end == width:
                # Nobody keeps a strip while the next one is predicted.
                strip = [self._strip(top, window, found, len(classes))]
                del found, values
                yield strip.pop()

    def count_strips(self, size: tuple[int, int]) -> int:
        """How many `strips` gives for an image (height, width)."""
        return len(spans(size[0], self.tile))

    def _channels(self, image: np.ndarray, name: str) -> Tensor:
        """Of an image (h,w,N) the probabilities, then the depth: (K,h,w)."""
        (sample,) = self._predictor([image], [name])
        parts = []
        if self.has_classes:
            parts.append(class_probabilities(sample, self._gives_logits))
        if self.has_depth:
            parts.append(sample.pred_depth_map.data.float().cpu())
        sizes = {tuple(part.shape[1:]) for part in parts}
        if sizes != {image.shape[:2]}:
            raise ValueError(
                f'{name}: a tile of {image.shape[:2]} pixels (height, width) '
                f'gave predictions of {sorted(sizes)}. The test pipeline '
                'crops, and its model cannot see tiles'
            )
        return torch.cat(parts)

    def _reduce(self, piece: Tensor, classes: list[int]) -> np.ndarray:
        """(K,h,w) to (len(classes) + 2 or 3,h,w): what a strip is made of.

        The kept probabilities, label, confidence, depth.
        """
        parts = [piece[classes]]
        if self.has_classes:
            scores = piece[: self.num_classes]
            confidence, labels = scores.max(0, keepdim=True)
            if self._threshold is not None:
                labels = (scores[1:] > self._threshold).long()
                confidence = scores.gather(0, labels)
            parts += [labels.float(), confidence]
        if self.has_depth:
            parts.append(piece[-1:])
        return torch.cat(parts).numpy()

    def _strip(
        self, top: int, window: '_Window', found: np.ndarray, kept: int
    ) -> Strip:
        maps = {}
        if self.has_classes:
            kind = np.uint8 if self.num_classes <= 256 else np.uint16
            maps['labels'] = found[kept].astype(kind)
            maps['confidence'] = found[kept + 1]
        if self.has_depth:
            maps['depth'] = found[-1]
        image = window.move(top, top + found.shape[1])
        if self._predictor.pipeline.takes_arrays:
            image = self._predictor.pipeline.shown(image)
        return Strip(top, image, found[:kept], maps)


class _Window:
    """Rows that move downwards, each of which is read once."""

    def __init__(self, reader: RowReader) -> None:
        self._reader = reader
        self._top = self._bottom = 0
        self._rows: np.ndarray | None = None

    def move(self, top: int, bottom: int) -> np.ndarray:
        """(bottom - top, width, N); rows above `top` may be asked again.

        A window of fewer rows keeps those that were read.
        """
        if self._rows is None:
            self._rows = self._reader.rows(top, bottom)
            self._top, self._bottom = top, bottom
        elif bottom > self._bottom:
            more = self._reader.rows(self._bottom, bottom)
            kept = self._rows[top - self._top :]
            self._rows = np.concatenate([kept, more])
            self._top, self._bottom = top, bottom
        return self._rows[top - self._top : bottom - self._top]


class Reduced:
    """An image and its prediction, made smaller strip by strip.

    The image's pixels are means, those of the maps are of the middle.

    Args:
        size: (height, width) of the image, pixels.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self.step = ceil(max(size) / LONGEST)
        self._waiting: list[np.ndarray] = []
        self._image: list[np.ndarray] = []
        self._maps: dict[str, list[np.ndarray]] = {}

    def add(self, strip: Strip) -> None:
        """Take the next strip."""
        self._waiting.append(strip.image)
        rows = np.concatenate(self._waiting)
        ready = len(rows) // self.step * self.step
        self._waiting = [rows[ready:]]
        self._add_rows(rows[:ready])
        middle = self.step // 2
        first = (middle - strip.top) % self.step
        for key, values in strip.maps.items():
            part = values[first :: self.step, middle :: self.step]
            # A view would keep the whole strip, and in the end all of them.
            self._maps.setdefault(key, []).append(part.copy())

    def _add_rows(self, rows: np.ndarray) -> None:
        width = rows.shape[1] // self.step
        if len(rows) and width:
            size = (width, len(rows) // self.step)
            whole = rows[:, : width * self.step]
            self._image.append(
                cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
            )

    def result(self) -> tuple[np.ndarray, SegDataSample]:
        """The image (h,w,3) uint8 BGR, and a sample of that size."""
        image = np.concatenate(self._image)
        height, width = image.shape[:2]
        sample = SegDataSample()
        for key, parts in self._maps.items():
            values = np.concatenate(parts)[:height, :width]
            data = torch.from_numpy(np.ascontiguousarray(values))[None]
            if key == 'labels':
                data = data.long()
            sample.set_data({FIELDS[key]: PixelData(data=data)})
        return image, sample
