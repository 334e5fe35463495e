"""Predictions for all images of a folder, or all frames of a video."""

import os
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from mmengine.structures import BaseDataElement
from rich.progress import track

from ..datasets.channel_io import ARRAYS
from ..fileio.folders import walk_files
from ..fileio.output_names import output_names
from .predictor import Predictor
from .videos import Video

IMAGE_SUFFIXES = {
    *('.bmp', '.gif', '.jfif', '.jp2', '.jpe', '.jpeg', '.jpg', '.mpo'),
    *('.pbm', '.pgm', '.png', '.pnm', '.ppm', '.tif', '.tiff', '.webp'),
}

Predicted = tuple[str, np.ndarray, BaseDataElement]


def predict_images(
    predictor: Predictor,
    source: Path,
    batch_size: int,
    skipped: list[str],
    out_dir: Path | None = None,
) -> Iterator[Predicted]:
    """Name, BGR image and prediction of each image of `find_images`.

    An image that cannot be read, or that the model cannot take, does not
    end the others.

    Args:
        predictor: The model.
        source: An image or a folder.
        batch_size: Images at a time.
        skipped: Such images are added here, with the reason.
        out_dir: Of the outputs, which are no inputs.
    """
    names = named_images(predictor, source, out_dir)
    paths = [*names]
    batch: dict[Path, np.ndarray] = {}
    for path in track(paths, 'Predicting'):
        try:
            batch[path] = predictor.pipeline.picture(path)
        except (OSError, ValueError, MemoryError) as error:
            skipped.append(describe_skipped(path, error))
        if batch and (len(batch) == batch_size or path is paths[-1]):
            images, files = [*batch.values()], [*batch]
            results = predict_each(predictor, images, files, files, skipped)
            for file, image, result in zip(
                files, images, results, strict=True
            ):
                if result is not None:
                    yield names[file], image, result
            batch = {}


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
) -> Iterator[Predicted]:
    """Name (STEM/NUMBER), BGR frame and prediction of each frame.

    What is missing at the end is added to `skipped`.
    """
    frames = iter(video)
    steps = -(-video.count // batch_size) or None
    batches = iter(lambda: list(islice(frames, batch_size)), [])
    number = 0
    for batch in track(batches, 'Predicting', total=steps):
        names = [
            f'{video.path.stem}/{number + i:06d}' for i in range(len(batch))
        ]
        results = predict_each(predictor, batch, (), names, skipped)
        for name, image, result in zip(names, batch, results, strict=True):
            if result is not None:
                yield name, image, result
        number += len(batch)
    if problem := video.what_is_missing():
        skipped.append(problem)


def predict_each(
    predictor: Predictor,
    images: list[np.ndarray],
    files: Sequence[Path],
    names: Sequence[Path | str],
    skipped: list[str],
) -> list[BaseDataElement | None]:
    """The model's samples; None for an image that it cannot take.

    Args:
        predictor: The model.
        images: (H, W, 3) uint8 BGR each.
        files: that they were read from, or none.
        names: of the images, for people.
        skipped: Names of images that fail by themselves, and the reason.
    """
    try:
        return [*predictor(images, [*map(str, names)], files=files)]
    except Exception as error:
        if len(images) == 1:
            skipped.append(describe_skipped(names[0], error))
            return [None]
    # Out of the handler, whose traceback holds the tensors.
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return [
        result
        for i, image in enumerate(images)
        for result in predict_each(
            predictor, [image], files[i : i + 1], names[i : i + 1], skipped
        )
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
