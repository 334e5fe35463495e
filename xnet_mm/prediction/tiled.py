"""Predictions for images of any size, computed and written row by row."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import Progress

from ..datasets.label_ids import file_ids
from ..fast.allocator import give_memory_back
from ..fileio.depth_png import describe_range, to_units
from ..fileio.rasters import (
    RowWriter,
    georeference,
    has_rasterio,
    write_geotiff_rows,
    write_png_rows,
)
from ..visualization.panels import colours_as_bytes
from .files import PictureFiles, write_npy
from .result import PICTURES, Facts, Prediction, wrong_kind
from .scores import class_numbers
from .sources import LargeImage
from .strips import Reduced, Strip, Tiler

TIFFS = ('.tif', '.tiff')
DEPTH_SCALE = 1000.0  # file units per metre
FEW = 4  # strips, which need no progress bar


class TiledPrediction:
    """The prediction for one image of any size: a `Prediction` by tiles.

    Nothing is computed before it is asked for, and only pictures are kept.
    `save` and `picture` go through the image row by row: their memory does
    not grow with its height, and with its width only as a few rows do.
    `labels`, `confidence`, `probabilities` and `depth` are arrays as large
    as the image. Each goes through the model again.

    Args:
        tiler: The model.
        image: Where its rows come from.
        facts: Of the model.

    Attributes:
        size: (height, width) of the image, pixels.
        name: Of the files that `save` writes.
        file: That the image is from, if any.
    """

    def __init__(
        self,
        tiler: Tiler,
        image: LargeImage,
        facts: Facts,
    ) -> None:
        self._tiler, self._image, self._facts = tiler, image, facts
        self.size, self.name, self.file = image.size, image.name, image.file
        self._reduced: Prediction | None = None
        self._clipped = 0

    def __repr__(self) -> str:
        return f'<TiledPrediction {self.name} of {self.size}>'

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, in the order of their numbers."""
        self._want_classes('classes')
        return tuple(self._facts.meta.get('classes') or ())

    @property
    def labels(self) -> np.ndarray:
        """(H,W) uint8, or uint16 of many classes: the class of each pixel."""
        self._want_classes('labels')
        return self._whole('labels')

    @property
    def confidence(self) -> np.ndarray:
        """(H,W) float32: the probability of each pixel's label."""
        self._want_classes('confidence')
        return self._whole('confidence')

    @property
    def depth(self) -> np.ndarray:
        """(H,W) float32 metres."""
        if not self._tiler.has_depth:
            raise wrong_kind(self.name, 'depth', is_depth=False)
        return self._whole('depth')

    def probabilities(
        self, classes: Sequence[int | str] | None = None
    ) -> np.ndarray:
        """(K,H,W) float32, see `Prediction.probabilities`."""
        self._want_classes('probabilities')
        count = self._tiler.num_classes
        wanted = [*range(count)]
        if classes is not None:
            wanted = class_numbers(classes, self.classes, count)
        found = [strip.scores for strip in self._strips(wanted)]
        return np.concatenate(found, axis=1)

    def reduced(self) -> Prediction:
        """The prediction made smaller: at most 2048 pixels a side.

        It is kept, and after `save` it is there already.
        """
        if self._reduced is None:
            self._reduced = self._reduce([])
        return self._reduced

    def picture(
        self,
        opacity: float = 0.5,
        depth_range: str | Sequence[float] = 'max_depth',
    ) -> np.ndarray:
        """`Prediction.picture`, made smaller: at most 2048 pixels a side."""
        return self.reduced().picture(opacity, depth_range)

    def save(
        self,
        path: str | Path,
        opacity: float = 0.5,
        depth_range: str | Sequence[float] = 'max_depth',
    ) -> Path:
        """Write the files of `Prediction.save`; the picture made smaller.

        The maps of a TIFF are TIFFs where rasterio is installed, and lie
        where it lies on Earth.

        Args:
            path: A folder, or the name of a picture or of a .npy file.
            opacity: See `Prediction.picture`.
            depth_range: See `Prediction.picture`.

        Returns:
            The path.

        Raises:
            ValueError: see `Prediction.save`, or a part of the image cannot
                be read: no file is written then.
            OSError: it cannot be written.
        """
        path = Path(path)
        suffix = '' if path.is_dir() else path.suffix.lower()
        if suffix == '.npy':
            has_classes = self._tiler.has_classes
            write_npy(path, self.labels if has_classes else self.depth)
            return path
        if suffix in PICTURES:
            return self.reduced().save(path, opacity, depth_range)
        self._clipped = 0
        with ExitStack() as files:
            self._reduced = self._reduce(self._map_writers(path, files))
        if self._clipped:
            print(
                f'Warning: {self.name}: {self._clipped} pixels clipped. '
                f"{describe_range(DEPTH_SCALE)} save('NAME.npy') keeps metres."
            )
        writer = self._reduced.writer(path, opacity, depth_range)
        drawn = self._reduced.picture(opacity, depth_range)[..., ::-1]
        PictureFiles(path / writer.picture_dir).add(self.name, drawn)
        writer.close()
        return path

    def _strips(self, classes: Sequence[int] = ()) -> Iterator[Strip]:
        """From top to bottom; each is let go before the next is made."""
        total = self._tiler.count_strips(self.size)
        with (
            self._image.open_rows() as reader,
            Progress(disable=total <= FEW) as progress,
        ):
            bar = progress.add_task(f'Predicting {self.name}', total=total)
            strips = self._tiler.strips(reader, self.name, [*classes])
            for _ in range(total):
                yield next(strips)
                progress.advance(bar)
                give_memory_back()

    def _whole(self, key: str) -> np.ndarray:
        return np.concatenate([strip.maps[key] for strip in self._strips()])

    def _reduce(self, writers: list[Callable[[Strip], Any]]) -> Prediction:
        """The whole prediction made smaller, and what `writers` do to it."""
        reduced = Reduced(self.size)
        for strip in self._strips():
            for write in writers:
                write(strip)
            reduced.add(strip)
            del strip
        image, sample = reduced.result()
        return Prediction(sample, image, self._facts, self.name, self.file)

    def _map_writers(
        self, folder: Path, files: ExitStack
    ) -> list[Callable[[Strip], Any]]:
        writers: list[Callable[[Strip], Any]] = []
        if self._tiler.has_classes:
            ids = file_ids(self._facts.meta)
            palette = colours_as_bytes(self._facts.meta['palette'])
            colours = np.zeros((int(ids.max()) + 1, 3), np.uint8)
            colours[ids] = palette[: len(ids)]
            rows = self._rows(folder / 'labels', ids.dtype, files, colours)
            writers.append(lambda strip: rows.write(ids[strip.maps['labels']]))
        if self._tiler.has_depth:
            metres = self._rows(folder / 'depth', np.dtype(np.uint16), files)
            writers.append(lambda strip: self._write_depth(metres, strip))
        return writers

    def _write_depth(self, rows: RowWriter, strip: Strip) -> None:
        units, clipped = to_units(strip.maps['depth'], DEPTH_SCALE)
        rows.write(units)
        self._clipped += clipped

    def _rows(
        self,
        folder: Path,
        dtype: np.dtype,
        files: ExitStack,
        colours: np.ndarray | None = None,
    ) -> RowWriter:
        file = self.file
        if file and file.suffix.lower() in TIFFS and has_rasterio():
            path = folder / f'{self.name}.tif'
            place = georeference(file)
            palette = [] if colours is None else colours.tolist()
            writer = write_geotiff_rows(path, self.size, dtype, place, palette)
        else:
            path = folder / f'{self.name}.png'
            writer = write_png_rows(path, self.size, dtype)
        if file and path.resolve() == file.resolve():
            raise ValueError(
                f'{path} is the image itself, and would be overwritten. Give '
                'another folder'
            )
        return files.enter_context(writer)

    def _want_classes(self, what: str) -> None:
        if not self._tiler.has_classes:
            raise wrong_kind(self.name, what, is_depth=True)
