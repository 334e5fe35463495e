"""A trained model that takes plain images."""

from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import init_default_scope
from mmengine.structures import BaseDataElement
from mmseg.models.segmentors import EncoderDecoder

from ..fast.accelerate import accelerate
from ..fileio.checkpoint import load_checkpoint_file
from ..fileio.finite import check_prediction
from ..fileio.pairing import check_pairing, dataset_meta
from ..fileio.pairing_tensors import weights_of
from ..models.arguments import check_model_config, check_windows
from ..models.channels import claimed_channels
from .pipeline import PlainPipeline

# Transforms of others may keep state while they work. Not of the object: it
# can be copied and pickled.
_PREPARING = Lock()


class Predictor:
    """A trained segmentor or depth estimator that takes plain images.

    Needs nothing but the config and the checkpoint: pre-trained weights that
    the config names are not looked for.

    Args:
        cfg: Config of the model; the pipeline of its test data is used,
            without the ground truth.
        checkpoint: File that training wrote.
        device: Where to run, 'cuda' or 'cpu'.
        content: What was read of the file already.

    Raises:
        ValueError: the checkpoint is damaged or not of this model, or the
            config's model cannot work (a sliding window that leaves pixels
            out, boxes that want other numbers of channels, ...).
    """

    def __init__(
        self,
        cfg: Config,
        checkpoint: str,
        device: str,
        content: dict | None = None,
    ) -> None:
        init_default_scope(cfg.get('default_scope', 'mmseg'))
        from mmseg.registry import MODELS

        check_model_config(cfg.get('model'))
        model = revert_sync_batchnorm(MODELS.build(cfg.model))
        check_windows(getattr(model, 'test_cfg', None))
        claimed_channels(model)  # or its boxes do not agree
        if content is None:
            content = load_checkpoint_file(checkpoint)
        check_pairing(model, content, checkpoint, cfg)
        model.load_state_dict(weights_of(content), strict=False)
        self.checkpoint = checkpoint
        self.meta = dataset_meta(content)
        self.model: EncoderDecoder = accelerate(model.to(device).eval())
        self.pipeline = PlainPipeline(cfg)

    def __call__(
        self,
        images: list[np.ndarray],
        names: Sequence[str] = (),
        files: Sequence[Path | None] = (),
    ) -> list[BaseDataElement]:
        """The model's samples, one for each image.

        Args:
            images: (H, W, 3) uint8 BGR each, of any sizes; for a model of
                other channels (H, W, N), see `PlainPipeline`.
            names: of the images, for errors.
            files: that they were read from; see `PlainPipeline`.

        Raises:
            ValueError: a prediction is not finite.
        """
        files = files or [None] * len(images)
        return self.predict([*map(self.prepare, images, files)], names)

    def prepare(self, image: np.ndarray, file: Path | None = None) -> dict:
        """What the model takes of one image; any thread may call it.

        Args:
            image: see `__call__`.
            file: that it was read from, if any.

        Raises:
            ValueError: see `PlainPipeline`.
        """
        with _PREPARING:
            return self.pipeline(image, file)

    @torch.no_grad()
    def predict(
        self, prepared: list[dict], names: Sequence[str] = ()
    ) -> list[BaseDataElement]:
        """The model's samples, one for each of what `prepare` gave.

        Args:
            prepared: images of one size go through the model together.
            names: of the images, for errors.

        Raises:
            ValueError: a prediction is not finite.
        """
        one_size = len({s['inputs'].shape for s in prepared}) == 1
        batches = [prepared] if one_size else [[s] for s in prepared]
        results = [
            result
            for batch in batches
            for result in self.model.test_step(pseudo_collate(batch))
        ]
        names = names or [f'image {i}' for i in range(1, len(prepared) + 1)]
        for result, name in zip(results, names, strict=True):
            check_prediction(result, name)
        return results
