"""Files are written by threads while the model goes on."""

import os
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from mmengine.structures import BaseDataElement
from rich.progress import Progress

from .files import PictureFiles, PictureVideo, PredictionWriter
from .inputs import Predicted, describe_skipped

# A PNG takes longer than its image to decode: half of the cores.
WRITERS = max(1, min(8, (os.cpu_count() or 1) // 2))
QUEUED = 8  # jobs beside those at work: small images may follow a large one
ROOM = 2**29  # bytes that may wait to be written, beside one image
WRITTEN = ('pred_sem_seg', 'pred_depth_map')  # all that writers look at


class Opened(Protocol):
    """Opens the writers when the first prediction says what they write."""

    def __call__(
        self, sample: BaseDataElement
    ) -> tuple[PredictionWriter, PictureFiles | PictureVideo]:
        """See above."""


def write_predictions(
    results: Iterable[Predicted],
    open_writers: Opened,
    total: int | None,
    skipped: list[str],
) -> PredictionWriter | None:
    """Write all files of all predictions, with a bar that counts images.

    Threads write, so that the model does not wait. How much waits for them
    does not depend on the number of images: at most `ROOM` bytes and one
    image. After an error or Ctrl-C each file is whole or not there, and no
    thread runs.

    Args:
        results: taken one at a time.
        open_writers: called with the first sample.
        total: how many images there are; None if that is not known.
        skipped: predictions that cannot be written are added here, with the
            reason.

    Returns:
        The writer, closed; None where there was no prediction.

    Raises:
        OSError: a file cannot be written (a full disk).
        ValueError: see `open_writers`.
    """
    writer: PredictionWriter | None = None
    pictures: PictureFiles | PictureVideo = PictureFiles(Path())
    unwritten: list[str] = []
    written = 0

    def write(
        name: str, image: np.ndarray, result: BaseDataElement
    ) -> tuple[str, np.ndarray | None]:
        assert writer is not None
        try:
            picture = writer.write(name, image, result)
        except OSError:  # a full disk is nothing of this image's
            raise
        except Exception as error:
            unwritten.append(describe_skipped(name, error))
            return name, None
        if isinstance(pictures, PictureFiles):
            pictures.add(name, picture)
        return name, picture

    def finish(found: tuple[str, np.ndarray | None]) -> None:
        nonlocal written
        name, picture = found
        if picture is not None and isinstance(pictures, PictureVideo):
            pictures.add(name, picture)
        written += 1
        show()

    with Progress() as bar:
        task = bar.add_task('Predicting', total=total)

        def show() -> None:
            bar.update(task, completed=written + len(skipped))

        try:
            with Behind(write, finish, WRITERS, ROOM) as behind:
                for name, image, result in results:
                    first = writer is None
                    if writer is None:
                        writer, pictures = open_writers(result)
                    light = without_the_rest(result)
                    del result
                    size = image.nbytes + num_bytes(light)
                    behind.add(size, name, image, light)
                    if first:  # it sets what all others share
                        behind.wait()
            if writer is not None:
                pictures.close()
                writer.close()
        except BaseException:
            pictures.discard()
            raise
        skipped += unwritten
        show()
    return writer


class Behind:
    """Does jobs in threads, and finishes them one by one in their order.

    Args:
        work: of a job's arguments, beside others.
        finish: of its result, in the order of `add`.
        workers: threads that work; one more finishes.
        room: sum of the sizes of jobs that wait; a single one may have more.
    """

    def __init__(
        self,
        work: Callable[..., Any],
        finish: Callable[[Any], None],
        workers: int,
        room: int,
    ) -> None:
        self._work, self._finish = work, finish
        self._most, self._room = workers + QUEUED, room
        self._workers = ThreadPoolExecutor(
            workers, thread_name_prefix='xnet_mm-write'
        )
        self._finisher = ThreadPoolExecutor(
            1, thread_name_prefix='xnet_mm-finish'
        )
        self._waiting: deque[tuple[int, Future]] = deque()
        self._size = 0

    def add(self, size: int, *args: Any) -> None:
        """Hand a job over, once there is room for it.

        Args:
            size: of what it holds, bytes.
            *args: of `work`.

        Raises:
            Exception: that `work` or `finish` of an earlier job raised.
        """
        while self._waiting and (
            self._waiting[0][1].done()
            or len(self._waiting) >= self._most
            or self._size + size > self._room
        ):
            self._take()
        working = self._workers.submit(self._work, *args)
        finishing = self._finisher.submit(self._finish_one, working)
        self._waiting.append((size, finishing))
        self._size += size

    def wait(self) -> None:
        """Until all jobs are done; raises as `add`."""
        while self._waiting:
            self._take()

    def __enter__(self) -> 'Behind':
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait for all; after an error only for what runs already."""
        try:
            if kind is None:
                self.wait()
        finally:
            for pool in (self._workers, self._finisher):
                pool.shutdown(cancel_futures=True)

    def _finish_one(self, working: Future) -> None:
        self._finish(working.result())

    def _take(self) -> None:
        size, finishing = self._waiting.popleft()
        self._size -= size
        finishing.result()


def without_the_rest(result: BaseDataElement) -> BaseDataElement:
    """A model's sample on the CPU, of the predictions and in few bytes.

    Scores of all classes are left out, and labels below 256 take one byte.
    """
    for key in [*result.keys()]:
        if key not in WRITTEN:
            delattr(result, key)
    if 'pred_sem_seg' in result:
        labels = result.pred_sem_seg.data
        if labels.numel() and int(labels.max()) < 256:
            result.pred_sem_seg.data = labels.to(torch.uint8)
    return result.cpu()


def num_bytes(result: BaseDataElement) -> int:
    """Of the predictions in a sample."""
    return sum(result.get(key).data.nbytes for key in WRITTEN if key in result)
