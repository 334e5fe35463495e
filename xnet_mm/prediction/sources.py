"""What a model may be given: files, pictures, arrays, and many of them."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from PIL import Image

from ..fileio.images import read_size
from ..fileio.pillow_images import from_pillow
from ..fileio.rasters import ArrayRows, RowReader, open_rows
from .pipeline import PlainPipeline
from .videos import VIDEO_SUFFIXES, Video

Item = TypeVar('Item')
Read = TypeVar('Read')
WANTED = (
    'wanted the path of an image, a picture of Pillow, an array (H, W, 3) '
    'uint8 RGB, or a list or generator of those'
)
_END = object()


class Source(NamedTuple):
    """An image that was read.

    Attributes:
        image: what the model is given, (H, W, 3) uint8 BGR, or (H, W, N).
        shown: what people are shown of it, (H, W, 3) uint8 BGR.
        file: that it is from, if any.
        name: for files that are made of it.
    """

    image: np.ndarray
    shown: np.ndarray
    file: Path | None
    name: str


class LargeImage(NamedTuple):
    """An image whose rows are read when they are needed.

    Attributes:
        open_rows: Opens it.
        size: (height, width), pixels.
        name: For files that are made of it.
        file: That it is from, if any.
    """

    open_rows: Callable[[], AbstractContextManager[RowReader]]
    size: tuple[int, int]
    name: str
    file: Path | None


class Reader:
    """Reads images one after the other, and names each.

    Args:
        pipeline: of the model.
    """

    def __init__(self, pipeline: PlainPipeline) -> None:
        self.pipeline = pipeline
        self._names: set[str] = set()
        self._number = 0

    def __call__(self, item: Any) -> Source:
        """Read one image.

        Args:
            item: a path, a picture of Pillow, or an array: (H, W, 3) uint8
                RGB, or for a model of other channels (H, W, N) as its loader
                gives it.

        Raises:
            FileNotFoundError: no such file.
            ValueError: unreadable, or no image.
            TypeError: something else.
        """
        self._number += 1
        if isinstance(item, str | Path):
            path = Path(item)
            if path.suffix.lower() in VIDEO_SUFFIXES:
                raise ValueError(
                    f'{path}: a video stands alone: model({str(path)!r})'
                )
            shown = self.pipeline.picture(path)
            return Source(shown, shown, path, self._name(path.stem))
        name = self._name(f'image_{self._number:06d}')
        if isinstance(item, Image.Image):
            item = from_pillow(item, name)
        if not isinstance(item, np.ndarray):
            raise TypeError(f'{name} is a {type(item).__name__}; {WANTED}.')
        return self._of_array(item, name)

    def name_of(self, path: Path) -> str:
        """The name of the next image, a file that is read elsewhere."""
        self._number += 1
        return self._name(path.stem)

    def of_frame(self, frame: np.ndarray, stem: str) -> Source:
        """A frame of a video, (H, W, 3) uint8 BGR."""
        self._number += 1
        name = f'{stem}/{self._number - 1:06d}'
        return Source(frame, frame, None, name)

    def _of_array(self, array: np.ndarray, name: str) -> Source:
        is_rgb = array.dtype == np.uint8 and array.shape[2:] == (3,)
        if array.ndim != 3 or not array.size:
            raise ValueError(
                f'{name} is an array of shape {array.shape}; {WANTED}.'
            )
        if is_rgb:
            image = np.ascontiguousarray(array[..., ::-1])
            return Source(image, image, None, name)
        if not self.pipeline.takes_arrays:
            raise ValueError(
                f'{name} is an array of shape {array.shape} and type '
                f'{array.dtype}; {WANTED}. Grey: np.stack([a] * 3, -1); '
                'values from 0 to 1: (a * 255).astype(np.uint8).'
            )
        return Source(array, self.pipeline.shown(array), None, name)

    def _name(self, stem: str) -> str:
        """The stem, or with a number what no image before was called."""
        name, number = stem, 1
        while name in self._names:
            number += 1
            name = f'{stem}_{number}'
        self._names.add(name)
        return name


def tiled_image(
    pipeline: PlainPipeline, read: Callable[[Any], Source], item: Any
) -> LargeImage:
    """An image for tiles; of a picture's file the header alone is read.

    Args:
        pipeline: Of the model.
        read: A `Reader`, or what else makes a `Source` of an item.
        item: A path, picture, array, frame, ...

    Raises:
        FileNotFoundError, ValueError or TypeError: see `Reader`.
    """
    path = Path(item) if isinstance(item, str | Path) else None
    if path is not None and isinstance(read, Reader):
        name = read.name_of(path)
        if not pipeline.takes_arrays:
            width, height = read_size(path)
            rows = partial(open_rows, path)
            return LargeImage(rows, (height, width), name, path)
        reader = ArrayRows(pipeline.channels(path))
    else:
        source = read(item)
        reader, name = ArrayRows(source.image), source.name
    return LargeImage(lambda: nullcontext(reader), reader.size, name, path)


def video_frames(video: Video) -> Iterator[np.ndarray]:
    """The frames, (H, W, 3) uint8 BGR; at the end, whether they were all.

    Raises:
        ValueError: the file ends before its container says.
    """
    yield from video
    if problem := video.what_is_missing():
        raise ValueError(problem)


def read_ahead(
    items: Iterable[Item],
    read: Callable[[Item], Read],
    ahead: int,
    workers: int = 1,
) -> Generator[Read, None, None]:
    """`read(item)` of each item, in order, by threads that go before.

    Items are taken one at a time, and never more than `ahead` beyond the one
    that was asked for. An error comes where its item would have come, and
    ends it.

    Args:
        items: maybe without an end; taken by a thread of their own.
        read: called in the threads.
        ahead: how many are read while the caller is busy, 1 or more.
        workers: threads that read.
    """
    iterator = iter(items)
    taker = ThreadPoolExecutor(1, thread_name_prefix='xnet_mm-take')
    readers = ThreadPoolExecutor(workers, thread_name_prefix='xnet_mm-read')

    def take() -> Future | None:
        item: Any = next(iterator, _END)
        return None if item is _END else readers.submit(read, item)

    waiting: deque[Future] = deque()
    try:
        while True:
            while len(waiting) <= ahead:
                waiting.append(taker.submit(take))
            reading = waiting.popleft().result()
            if reading is None:
                return
            yield reading.result()
    finally:  # a source that blocks is not waited for
        taker.shutdown(wait=False, cancel_futures=True)
        readers.shutdown(cancel_futures=True)


def batches(items: Iterator[Item], size: int) -> Iterator[list[Item]]:
    """Lists of `size` items, the last one shorter.

    What came before an error is given, and then the error.
    """
    batch: list[Item] = []
    error: Exception | None = None
    while error is None:
        try:
            batch.append(next(items))
        except StopIteration:
            break
        except Exception as failed:
            error = failed
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
    if error is not None:
        raise error
