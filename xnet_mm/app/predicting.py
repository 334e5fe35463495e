"""One picture's file in, what the page shows of it out."""

import tempfile
import zipfile
from pathlib import Path

import cv2
import numpy as np

from ..errors import describe
from ..fileio.images import read_size
from ..prediction.model import Model
from ..prediction.result import Prediction
from ..prediction.tiled import TiledPrediction
from ..prediction.videos import VIDEO_SUFFIXES
from .camera import read_view_angle
from .results import Result
from .view import make_view

MOST_PIXELS = 100_000_000  # of a file that is decoded as a whole
# Of an image that goes through the model at once. Each pixel has as many
# scores as there are classes, and they exist a few times over.
MOST_PREDICTED = 2_500_000
MOST_SCORES = 125_000_000


class BadPictureError(ValueError):
    """Something is wrong with a picture, in words for who sent it."""


def predict_file(model: Model, path: Path, archive: Path) -> Result:
    """Predict a picture.

    Args:
        model: see `xnet_mm.load`.
        path: of the picture.
        archive: of a zip that is written: what `Prediction.save` writes.

    Raises:
        BadPictureError: it cannot be read or predicted.
    """
    try:
        return _predict_file(model, path, archive)
    except MemoryError as error:
        raise BadPictureError(
            f'{path.name}: out of memory. Take a smaller picture, or start '
            'this page with --tile 512'
        ) from error
    except Exception as error:
        text = describe(error)
        if not text:
            raise
        # The path is where the upload lies, which is nobody's business.
        text = text.replace(str(path), path.name)
        raise BadPictureError(text) from error


def _predict_file(model: Model, path: Path, archive: Path) -> Result:
    if path.suffix.lower() in VIDEO_SUFFIXES:
        raise ValueError(
            f'{path.name}: a video. This page takes pictures; videos are for '
            'tools/predict.py'
        )
    with tempfile.TemporaryDirectory(dir=archive.parent) as temporary:
        folder = Path(temporary) / 'files'
        folder.mkdir()
        size, result = _predict(model, path)
        result.name = path.stem
        result.save(folder)
        if isinstance(result, TiledPrediction):
            result = result.reduced()
        pack(folder, archive)
    angle = read_view_angle(path, *size)
    view = make_view(result, size, model.max_depth, angle)
    return Result(path.stem, view, archive)


def _predict(
    model: Model, path: Path
) -> tuple[tuple[int, int], Prediction | TiledPrediction]:
    """(height, width) of the picture, and the prediction."""
    pipeline = model.predictor.pipeline
    if model.tile is not None:
        result = model(path)
        return result.size, result
    if not pipeline.takes_arrays:
        width, height = read_size(path)
        if height * width > MOST_PIXELS:
            raise ValueError(
                f'{path.name} has {width}×{height} pixels, wanted at most '
                f'{MOST_PIXELS // 10**6} million. Start this page with '
                '--tile 512 for pictures of any size'
            )
    image = pipeline.picture(path)
    size = (image.shape[0], image.shape[1])
    scale = np.sqrt(most_pixels(len(model.classes)) / (size[0] * size[1]))
    if scale >= 1:
        return size, model(path)
    if pipeline.takes_arrays:
        raise ValueError(
            f'{path.name} has {size[1]}×{size[0]} pixels, more than this '
            'model can take at once. Start this page with --tile 512'
        )
    small = cv2.resize(
        image,
        (max(1, int(size[1] * scale)), max(1, int(size[0] * scale))),
        interpolation=cv2.INTER_AREA,
    )
    return size, model(np.ascontiguousarray(small[..., ::-1]))


def most_pixels(num_classes: int) -> int:
    """Pixels of an image that a model of so many classes is given."""
    return min(MOST_PREDICTED, MOST_SCORES // max(1, num_classes))


def pack(folder: Path, archive: Path) -> None:
    """All files below a folder as a zip; pictures are compressed already."""
    with zipfile.ZipFile(archive, 'w', zipfile.ZIP_STORED) as packed:
        for path in sorted(folder.rglob('*')):
            if path.is_file():
                packed.write(path, path.relative_to(folder))
