"""Predictions for all images of a folder, or all frames of a video."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from mmengine.structures import BaseDataElement
from rich.progress import track

from ..fileio.output_names import output_names
from .predictor import Predictor

IMAGE_SUFFIXES = {
    *('.bmp', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp'),
}
VIDEO_SUFFIXES = {'.avi', '.mkv', '.mov', '.mp4', '.webm'}

Predicted = tuple[str, np.ndarray, BaseDataElement]


def predict_images(
    predictor: Predictor,
    source: Path,
    batch_size: int,
    unreadable: list[Path],
) -> Iterator[Predicted]:
    """Name, BGR image and prediction of each image of `find_images`.

    Args:
        predictor: The model.
        source: An image or a folder.
        batch_size: Images at a time.
        unreadable: Files that OpenCV cannot read are added here.
    """
    paths = find_images(source)
    root = source if source.is_dir() else source.parent
    names = output_names(paths, root)
    batch: dict[str, np.ndarray] = {}
    for path in track(paths, 'Predicting'):
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is None:
            unreadable.append(path)
        else:
            batch[str(names[path])] = image
        if batch and (len(batch) == batch_size or path is paths[-1]):
            results = predictor(list(batch.values()), list(batch))
            yield from zip(batch, batch.values(), results, strict=True)
            batch = {}


def predict_video(
    predictor: Predictor, video: cv2.VideoCapture, stem: str, batch_size: int
) -> Iterator[Predicted]:
    """Name (STEM/NUMBER), BGR frame and prediction of each frame."""
    frames = _read_frames(video)
    count = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
    steps = -(-count // batch_size) if count > 0 else None
    batches = iter(lambda: list(islice(frames, batch_size)), [])
    number = 0
    for batch in track(batches, 'Predicting', total=steps):
        names = [f'{stem}/{i:06d}' for i in range(number, number + len(batch))]
        yield from zip(names, batch, predictor(batch, names), strict=True)
        number += len(batch)


def find_images(source: Path) -> list[Path]:
    """`source` itself, or every image below the folder `source`, sorted.

    Raises:
        SystemExit: nothing there.
    """
    if source.is_file():
        return [source]
    if not source.is_dir():
        raise SystemExit(f'input not found: {source}')
    paths = sorted(
        p for p in source.rglob('*') if p.suffix.lower() in IMAGE_SUFFIXES
    )
    if not paths:
        raise SystemExit(
            f'no images below {source}; looked for '
            f'{" ".join(sorted(IMAGE_SUFFIXES))}'
        )
    return paths


def _read_frames(video: cv2.VideoCapture) -> Iterator[np.ndarray]:
    """BGR frames up to the end of the video."""
    while (frame := video.read()[1]) is not None:
        yield frame
