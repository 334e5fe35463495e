"""Label maps for images that belong to no data set, and where they go."""

from collections import Counter
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import init_default_scope

from .safe_globals import load_checkpoint_file

IMAGE_SUFFIXES = {
    *('.bmp', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp'),
}
VIDEO_SUFFIXES = {'.avi', '.mkv', '.mov', '.mp4', '.webm'}


class Predictor:
    """A trained segmentor that takes plain images.

    Needs nothing but the config and the checkpoint: pre-trained weights that
    the config names are not looked for.

    Args:
        cfg: Config of the model; its test pipeline is used, without the
            annotations.
        checkpoint: File that training wrote.
        device: Where to run, 'cuda' or 'cpu'.

    Raises:
        SystemExit: the checkpoint is not of this model, or has no classes.
    """

    def __init__(self, cfg: Config, checkpoint: str, device: str) -> None:
        init_default_scope(cfg.get('default_scope', 'mmseg'))
        from mmseg.registry import MODELS

        model = revert_sync_batchnorm(MODELS.build(cfg.model))
        content = load_checkpoint_file(checkpoint)
        _load_all(model, content.get('state_dict', content), checkpoint)
        meta = content.get('meta', {}).get('dataset_meta') or {}
        if not meta.get('classes') or not meta.get('palette'):
            raise SystemExit(
                f'{checkpoint} does not say its classes and palette (it has '
                f'{sorted(meta)}). Take a checkpoint that tools/train.py '
                'wrote.'
            )
        self.classes, self.palette = meta['classes'], meta['palette']
        self.model = model.to(device)
        self.model.eval()
        self.pipeline = Compose(_plain_pipeline(cfg))

    @torch.no_grad()
    def __call__(self, images: list[np.ndarray]) -> list[np.ndarray]:
        """Class ids of each pixel.

        Args:
            images: (H, W, 3) uint8 BGR each, of any sizes.

        Returns:
            For each image (H, W), uint8, or uint16 for more than 256
            classes, with the ids as the model counts them.
        """
        samples = [self.pipeline(dict(img=image)) for image in images]
        one_size = len({s['inputs'].shape for s in samples}) == 1
        batches = [samples] if one_size else [[s] for s in samples]
        dtype = np.uint8 if len(self.classes) <= 256 else np.uint16
        return [
            result.pred_sem_seg.data.squeeze(0).cpu().numpy().astype(dtype)
            for batch in batches
            for result in self.model.test_step(pseudo_collate(batch))
        ]


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


def _plain_pipeline(cfg: Config) -> list[dict]:
    """The test pipeline, fed with an array and without annotations."""
    steps = cfg.get('test_pipeline') or cfg.test_dataloader.dataset.pipeline
    kept = [s for s in steps if 'Annotation' not in s['type']]
    return [dict(type='LoadImageFromNDArray'), *kept[1:]]


def _load_all(model: torch.nn.Module, state: dict, checkpoint: str) -> None:
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise SystemExit(
            f'{checkpoint} is not a checkpoint of this config. {error}'
        ) from error
