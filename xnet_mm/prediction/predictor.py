"""A trained model that takes plain images."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import init_default_scope
from mmengine.structures import BaseDataElement
from mmseg.models.segmentors import EncoderDecoder

from ..fast import accelerate
from ..fileio.checkpoint import load_checkpoint_file
from .pipeline import PlainPipeline


class Predictor:
    """A trained segmentor or depth estimator that takes plain images.

    Needs nothing but the config and the checkpoint: pre-trained weights that
    the config names are not looked for.

    Args:
        cfg: Config of the model; the pipeline of its test data is used,
            without the ground truth.
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
        self.model: EncoderDecoder = accelerate(model.to(device).eval())
        self.pipeline = PlainPipeline(cfg)

    @torch.no_grad()
    def __call__(
        self, images: list[np.ndarray], files: Sequence[Path | None] = ()
    ) -> list[BaseDataElement]:
        """The model's samples, one for each image.

        Args:
            images: (H, W, 3) uint8 BGR each, of any sizes.
            files: that they were read from; see `PlainPipeline`.
        """
        files = files or [None] * len(images)
        samples = [*map(self.pipeline, images, files)]
        one_size = len({s['inputs'].shape for s in samples}) == 1
        batches = [samples] if one_size else [[s] for s in samples]
        return [
            result
            for batch in batches
            for result in self.model.test_step(pseudo_collate(batch))
        ]


def _load_all(model: torch.nn.Module, state: dict, checkpoint: str) -> None:
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise SystemExit(
            f'{checkpoint} is not a checkpoint of this config. {error}'
        ) from error
