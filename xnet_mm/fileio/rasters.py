"""Large pictures row by row: read, and written as PNG or GeoTIFF.

By GDAL (the package rasterio) only some rows are in memory. Without it, and
where it would see another picture than `read_image`, a file is decoded whole.
"""

import struct
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np

from .atomic import replacing
from .image_headers import PNG_START
from .images import open_header, orientation_of, read_image
from .pillow_images import ORIENTATION

GDAL_CACHE = 32  # MiB; of itself it takes 5 % of the machine's memory
LARGE = 2**26  # pixels; smaller pictures are decoded whole, as elsewhere
# Bands that are colours, by GDAL's names.
COLOURS = (
    ('gray',),
    ('gray', 'alpha'),
    ('red', 'green', 'blue'),
    ('red', 'green', 'blue', 'alpha'),
)


class RowReader(Protocol):
    """A picture that is read some rows at a time.

    Attributes:
        size: (height, width), pixels.
    """

    size: tuple[int, int]

    def rows(self, top: int, bottom: int) -> np.ndarray:
        """(bottom - top, width, 3) uint8 BGR."""


class ArrayRows:
    """Rows of a picture in memory, or of a `np.memmap` of one.

    Args:
        image: (H,W,3) uint8 BGR.
    """

    def __init__(self, image: np.ndarray) -> None:
        self.image = image
        self.size = (image.shape[0], image.shape[1])

    def rows(self, top: int, bottom: int) -> np.ndarray:
        """(bottom - top, W, 3) uint8 BGR."""
        return np.ascontiguousarray(self.image[top:bottom])


class RasterRows:
    """Rows of a file by GDAL.

    Args:
        dataset: Of rasterio, of 8 bits, its bands being `COLOURS`.
        name: Of the file, for errors.
    """

    def __init__(self, dataset: Any, name: str) -> None:
        self._dataset, self._name = dataset, name
        self.size = (dataset.height, dataset.width)

    def rows(self, top: int, bottom: int) -> np.ndarray:
        """(bottom - top, width, 3) uint8 BGR.

        Raises:
            ValueError: the file is damaged there.
        """
        from rasterio.errors import RasterioIOError
        from rasterio.windows import Window

        window = Window(0, top, self.size[1], bottom - top)
        bands = [3, 2, 1] if self._dataset.count > 2 else [1, 1, 1]
        try:
            values = self._dataset.read(bands, window=window)
        except RasterioIOError as error:
            raise ValueError(
                f'{self._name}: unreadable image (rows {top} to {bottom}: '
                f'{error}). Copy it again'
            ) from None
        return np.ascontiguousarray(values.transpose(1, 2, 0))


@contextmanager
def open_rows(path: Path) -> Iterator[RowReader]:
    """The rows of a picture; what they show is what `read_image` gives.

    Raises:
        FileNotFoundError: no such file.
        ValueError: as `read_image`.
    """
    with open_header(path) as picture:
        is_turned = _is_turned(picture)
        large = picture.width * picture.height > LARGE
        kind = picture.format
    by_rows = large and not is_turned and kind in ('TIFF', 'PNG')
    if by_rows and has_rasterio():
        import rasterio

        with (
            rasterio.Env(GDAL_CACHEMAX=GDAL_CACHE),
            _quiet(),
            rasterio.open(path) as dataset,
        ):
            bands = tuple(colour.name for colour in dataset.colorinterp)
            if bands in COLOURS and {*dataset.dtypes} == {'uint8'}:
                yield RasterRows(dataset, str(path))
                return
    yield ArrayRows(read_image(path))


def _is_turned(picture: Any) -> bool:
    if picture.format == 'TIFF':
        return bool(picture.tag_v2.get(ORIENTATION, 1) != 1)
    return orientation_of(picture) != 1


def georeference(path: Path) -> dict[str, Any]:
    """Where on Earth a picture lies: GDAL's `crs` and `transform`.

    Empty where the file does not say, or without rasterio.
    """
    if not has_rasterio():
        return {}
    import rasterio
    from rasterio.errors import RasterioIOError

    try:
        with _quiet(), rasterio.open(path) as dataset:
            if not dataset.crs and dataset.transform.is_identity:
                return {}
            return dict(crs=dataset.crs, transform=dataset.transform)
    except RasterioIOError:  # of a format that it does not know
        return {}


@contextmanager
def _quiet() -> Iterator[None]:
    """Without warnings that a picture lies nowhere on Earth."""
    from rasterio.errors import NotGeoreferencedWarning

    with warnings.catch_warnings():
        warnings.simplefilter('ignore', NotGeoreferencedWarning)
        yield


def has_rasterio() -> bool:
    """Whether GDAL can be used."""
    return find_spec('rasterio') is not None


class RowWriter(Protocol):
    """A map of one channel that is written some rows at a time, in order."""

    def write(self, rows: np.ndarray) -> None:
        """Append (n, width) of the writer's type."""


@contextmanager
def write_png_rows(
    path: Path, size: tuple[int, int], dtype: np.dtype
) -> Iterator[RowWriter]:
    """A grey PNG, whole at the end or not there.

    Args:
        path: Of the file.
        size: (height, width), pixels.
        dtype: Of uint8 or uint16.
    """
    with replacing(path) as temporary, temporary.open('wb') as file:
        writer = _PngRows(file, size, dtype)
        yield writer
        writer.close()


class _PngRows:
    """A PNG by its specification, section 5: signature, IHDR, IDAT, IEND.

    No library writes one by rows that users of this package have.
    """

    def __init__(
        self, file: BinaryIO, size: tuple[int, int], dtype: np.dtype
    ) -> None:
        self._file, self._dtype = file, dtype.newbyteorder('>')
        self._zlib = zlib.compressobj(6)
        file.write(PNG_START)
        height, width = size
        # Grey, deflate, the standard filters, no interlace.
        head = struct.pack(
            '>IIBBBBB', width, height, 8 * dtype.itemsize, 0, 0, 0, 0
        )
        self._chunk(b'IHDR', head)

    def write(self, rows: np.ndarray) -> None:
        """Append (n, width)."""
        values = rows.astype(self._dtype)
        lines = values.view(np.uint8).reshape(len(rows), -1)
        # Each line begins with its filter: 2, the difference to the line
        # above, whose first line here is as it is (0).
        filtered = np.zeros((len(rows), lines.shape[1] + 1), np.uint8)
        filtered[:, 1:] = lines
        filtered[1:, 0] = 2
        filtered[1:, 1:] -= lines[:-1]
        self._chunk(b'IDAT', self._zlib.compress(filtered.tobytes()))

    def close(self) -> None:
        """End the file."""
        self._chunk(b'IDAT', self._zlib.flush())
        self._chunk(b'IEND', b'')

    def _chunk(self, kind: bytes, data: bytes) -> None:
        if not data and kind == b'IDAT':
            return
        self._file.write(struct.pack('>I', len(data)) + kind + data)
        self._file.write(struct.pack('>I', zlib.crc32(kind + data)))


@contextmanager
def write_geotiff_rows(
    path: Path,
    size: tuple[int, int],
    dtype: np.dtype,
    place: dict[str, Any],
    palette: Sequence[Sequence[int]] = (),
) -> Iterator[RowWriter]:
    """A GeoTIFF of one band, whole at the end or not there.

    Args:
        path: Of the file.
        size: (height, width), pixels.
        dtype: Of the values, integers.
        place: From `georeference`.
        palette: RGB of the first values, which viewers show.
    """
    import rasterio

    height, width = size
    with (
        replacing(path) as temporary,
        rasterio.Env(GDAL_CACHEMAX=GDAL_CACHE),
        _quiet(),
        rasterio.open(
            temporary,
            'w',
            driver='GTiff',
            height=height,
            width=width,
            count=1,
            dtype=dtype.name,
            compress='deflate',
            predictor=2,
            bigtiff='if_safer',
            blockysize=1,  # any number of rows ends with a block
            **place,
        ) as dataset,
    ):
        if palette:
            dataset.write_colormap(
                1, {value: (*rgb, 255) for value, rgb in enumerate(palette)}
            )
        yield _GeoTiffRows(dataset)


class _GeoTiffRows:
    def __init__(self, dataset: Any) -> None:
        self._dataset, self._top = dataset, 0

    def write(self, rows: np.ndarray) -> None:
        """Append (n, width)."""
        from rasterio.windows import Window

        window = Window(0, self._top, rows.shape[1], len(rows))
        self._dataset.write(rows, 1, window=window)
        self._top += len(rows)
