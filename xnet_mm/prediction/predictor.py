"""Predictions for images that belong to no data set."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import init_default_scope
from mmengine.structures import BaseDataElement
from rich.progress import track

from ..fast import accelerate
from ..fileio.checkpoint import load_checkpoint_file

IMAGE_SUFFIXES = {
    *('.bmp', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp'),
}
VIDEO_SUFFIXES = {'.avi', '.mkv', '.mov', '.mp4', '.webm'}


class Predictor:
    """A trained segmentor or depth estimator that takes plain images.

    Needs nothing but the config and the checkpoint: pre-trained weights that
    the config names are not looked for.

    Args:
        cfg: Config of the model; its test pipeline is used, without the
            annotations.
        checkpoint: File that training wrote.
        device: Where to run, 'cuda' or 'cpu'.

    Raises:
        SystemExit: the checkpoint is not of this model.
    """

    def __init__(self, cfg: Config, checkpoint: str, device: str) -> None:
        init_default_scope(cfg.get('default_scope', 'mmseg'))
        from mmseg.registry import MODELS

        model = revert_sync_batchnorm(MODELS.build(cfg.model))
        content = load_checkpoint_file(checkpoint)
        _load_all(model, content.get('state_dict', content), checkpoint)
        self.checkpoint = checkpoint
        self.meta = content.get('meta', {}).get('dataset_meta') or {}
        self.model = accelerate(model.to(device).eval())
        self.pipeline = Compose(_plain_pipeline(cfg))

    @torch.no_grad()
    def __call__(self, images: list[np.ndarray]) -> list[BaseDataElement]:
        """The model's samples, one for each image.

        Args:
            images: (H, W, 3) uint8 BGR each, of any sizes.
        """
        samples = [self.pipeline(dict(img=image)) for image in images]
        one_size = len({s['inputs'].shape for s in samples}) == 1
        batches = [samples] if one_size else [[s] for s in samples]
        return [
            result
            for batch in batches
            for result in self.model.test_step(pseudo_collate(batch))
        ]


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
    batch = {}
    for path in track(paths, 'Predicting'):
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is None:
            unreadable.append(path)
        else:
            batch[str(names[path])] = image
        if batch and (len(batch) == batch_size or path is paths[-1]):
            results = predictor(list(batch.values()))
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
        for image, result in zip(batch, predictor(batch), strict=True):
            yield f'{stem}/{number:06d}', image, result
            number += 1


def output_names(paths: list[Path], root: Path) -> dict[Path, Path]:
    """Relative path without suffix for the outputs of each input.

    The input's own suffix stays where two inputs differ in nothing else.
    """
    relative = {path: path.relative_to(root) for path in paths}
    stems = Counter(r.with_suffix('') for r in relative.values())
    return {
        path: r if stems[r.with_suffix('')] > 1 else r.with_suffix('')
        for path, r in relative.items()
    }


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


def _plain_pipeline(cfg: Config) -> list[dict]:
    """The test pipeline, fed with an array; nothing else is loaded."""
    steps = cfg.get('test_pipeline') or cfg.test_dataloader.dataset.pipeline
    kept = [
        s for s in steps if not s['type'].split('.')[-1].startswith('Load')
    ]
    return [dict(type='LoadImageFromNDArray'), *kept]


def _load_all(model: torch.nn.Module, state: dict, checkpoint: str) -> None:
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise SystemExit(
            f'{checkpoint} is not a checkpoint of this config. {error}'
        ) from error
