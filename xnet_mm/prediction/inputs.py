"""Predictions for all images of a folder, or all frames of a video."""

import os
from collections.abc import (
    Callable,
    Collection,
    Generator,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.structures import BaseDataElement

from ..datasets.channel_io import ARRAYS
from ..fileio.folders import walk_files
from ..fileio.output_names import output_names
from .predictor import Predictor
from .sources import read_ahead
from .videos import Video

IMAGE_SUFFIXES = {
    *('.bmp', '.gif', '.jfif', '.jp2', '.jpe', '.jpeg', '.jpg', '.mpo'),
    *('.pbm', '.pgm', '.png', '.pnm', '.ppm', '.tif', '.tiff', '.webp'),
}

# Threads that decode: as many as keep a GPU busy, and half of the cores.
READERS = max(1, min(4, (os.cpu_count() or 1) // 2))

Predicted = tuple[str, np.ndarray, BaseDataElement]
Predictions = Generator[Predicted, None, None]


class Prepared(NamedTuple):
    """An image that the model can take.

    Attributes:
        name: of its outputs.
        origin: its file, or what else people call it.
        image: (H, W, 3) uint8 BGR.
        sample: of `Predictor.prepare`.
    """

    name: str
    origin: Path | str
    image: np.ndarray
    sample: dict


def predict_images(
    predictor: Predictor,
    source: Path,
    batch_size: int,
    skipped: list[str],
    out_dir: Path | None = None,
) -> Predictions:
    """`predict_files` of what `find_images` finds.

    Args:
        predictor: The model.
        source: An image or a folder.
        batch_size: Images at a time.
        skipped: See `predict_files`.
        out_dir: Of the outputs, which are no inputs.
    """
    names = named_images(predictor, source, out_dir)
    yield from predict_files(predictor, names, batch_size, skipped)


def predict_files(
    predictor: Predictor,
    names: Mapping[Path, str],
    batch_size: int,
    skipped: list[str],
) -> Predictions:
    """Name, BGR image and prediction of each file, in order.

    Threads read a few images ahead. An image that cannot be read, or that
    the model cannot take, does not end the others.

    Args:
        predictor: The model.
        names: Of the outputs, for each file.
        batch_size: Images at a time.
        skipped: Such images are added here, with the reason.
    """

    def read(file: tuple[Path, str]) -> Prepared | str:
        path, name = file
        try:
            image = predictor.pipeline.picture(path)
        except (OSError, ValueError, MemoryError) as error:
            return describe_skipped(path, error)
        return _prepare(predictor, name, path, image, path)

    yield from _predict(predictor, names.items(), read, batch_size, skipped)


def named_images(
    predictor: Predictor, source: Path, out_dir: Path | None = None
) -> dict[Path, str]:
    """The images that a model takes, and what their outputs are called.

    Args:
        predictor: The model.
        source: An image or a folder.
        out_dir: Of the outputs, which are no inputs.
    """
    arrays = ARRAYS if predictor.pipeline.takes_arrays else ()
    paths = find_images(source, out_dir, arrays)
    root = source if source.is_dir() else source.parent
    names = output_names(paths, root)
    return {path: str(names[path]) for path in paths}


def predict_video(
    predictor: Predictor,
    video: Video,
    batch_size: int,
    skipped: list[str],
) -> Predictions:
    """Name (STEM/NUMBER), BGR frame and prediction of each frame.

    What is missing at the end is added to `skipped`.
    """

    def read(numbered: tuple[int, np.ndarray]) -> Prepared | str:
        number, frame = numbered
        name = f'{video.path.stem}/{number:06d}'
        return _prepare(predictor, name, name, frame)

    yield from _predict(predictor, enumerate(video), read, batch_size, skipped)
    if problem := video.what_is_missing():
        skipped.append(problem)


def _prepare(
    predictor: Predictor,
    name: str,
    origin: Path | str,
    image: np.ndarray,
    file: Path | None = None,
) -> Prepared | str:
    """What the model takes, or why it cannot."""
    try:
        sample = predictor.prepare(image, file)
    except Exception as error:
        return describe_skipped(origin, error)
    return Prepared(name, origin, image, sample)


def _predict(
    predictor: Predictor,
    items: Iterable[Any],
    read: Callable[[Any], Prepared | str],
    batch_size: int,
    skipped: list[str],
) -> Predictions:
    """What was read goes through the model; its text is skipped."""
    ahead = max(batch_size, READERS)
    with closing(read_ahead(items, read, ahead, READERS)) as found:
        batch: list[Prepared] = []
        for one in found:
            if isinstance(one, str):
                skipped.append(one)
                continue
            batch.append(one)
            if len(batch) == batch_size:
                yield from predict_each(predictor, batch, skipped)
                batch = []
        if batch:
            yield from predict_each(predictor, batch, skipped)


def predict_each(
    predictor: Predictor, batch: list[Prepared], skipped: list[str]
) -> list[Predicted]:
    """Name, image and the model's sample; without those it cannot take.

    Args:
        predictor: The model.
        batch: Images that go through it together.
        skipped: Names of images that fail by themselves, and the reason.
    """
    try:
        results = predictor.predict(
            [one.sample for one in batch], [str(one.origin) for one in batch]
        )
        return [
            (one.name, one.image, result)
            for one, result in zip(batch, results, strict=True)
        ]
    except Exception as error:
        if len(batch) == 1:
            skipped.append(describe_skipped(batch[0].origin, error))
            return []
    # Out of the handler, whose traceback holds the tensors.
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return [
        result
        for one in batch
        for result in predict_each(predictor, [one], skipped)
    ]


def describe_skipped(name: Path | str, error: Exception) -> str:
    """One line that names an image and what was wrong with it."""
    text = ' '.join(str(error).split())
    if not isinstance(error, OSError | ValueError):
        text = f'{type(error).__name__}: {text}'
    return text if str(name) in text else f'{name}: {text}'


def find_images(
    source: Path, out_dir: Path | None = None, more: Collection[str] = ()
) -> list[Path]:
    """`source` itself, or every image below the folder `source`, sorted.

    Links to folders are followed. What is called like an image and is none
    (a link to nowhere, an empty folder), or may not be read, is given too,
    for the reader to name it.

    Args:
        source: an image or a folder.
        out_dir: a folder whose images are outputs and no inputs.
        more: suffixes that count as those of images too.

    Raises:
        SystemExit: nothing there.
    """
    if source.is_file():
        return [source]
    if not source.is_dir():
        raise SystemExit(f'input not found: {source}')
    without = [out_dir] if out_dir else []
    found = sorted(
        path
        for path in walk_files(source, without)
        if _is_called_image(path, more) or not os.access(path, os.R_OK)
    )
    if not found:
        raise SystemExit(
            f'no images below {source}; looked for '
            f'{" ".join(sorted({*IMAGE_SUFFIXES, *more}))}'
        )
    return found


def _is_called_image(path: Path, more: Collection[str] = ()) -> bool:
    return path.suffix.lower() in {*IMAGE_SUFFIXES, *more}


def check_out_dir(source: Path, out_dir: Path, folders: Sequence[str]) -> None:
    """Refuse an output folder where outputs would replace inputs.

    Says how many images below it are taken for outputs of earlier runs.

    Args:
        source: an image, a video or a folder.
        out_dir: of the outputs.
        folders: below `out_dir`, that get the outputs; none: itself.

    Raises:
        SystemExit: with what to do.
    """
    inputs, out = source.resolve(), out_dir.resolve()
    written = {out / folder for folder in folders}
    is_among = not folders and inputs.parent == out and inputs.is_file()
    if inputs == out or is_among or written & {inputs, *inputs.parents}:
        raise SystemExit(
            f'--out-dir {out_dir}: the input {source} lies there, and would '
            'be overwritten or read again in the next run. Give another '
            'folder; one below the input will do'
        )
    if out.is_dir() and inputs in out.parents:
        files = filter(_is_called_image, walk_files(out_dir))
        if number := sum(1 for _ in files):
            print(
                f'{number} images below {out_dir} are outputs of an earlier '
                'run and are not predicted.'
            )
