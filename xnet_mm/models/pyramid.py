"""The encoder of the peers: a pre-trained classifier's own four maps."""

import torch
from mmengine.logging import print_log
from mmengine.model import BaseModule
from torch import Tensor

from ..registry import MODELS
from .handover import hand_over
from .hierarchy import build_hierarchy
from .weights import load_weights


@MODELS.register_module()
class PretrainedPyramid(BaseModule):
    """A pre-trained classifier as an ordinary backbone of four maps.

    For heads that want the encoder's own pyramid (UPerNet, DPT, ...), on
    the same encoder and weights that `PretrainedEncoder` takes.

    Args:
        encoder: as in `PretrainedReversedDecoder.decoder`.
        weights: `None` for random, 'timm', a file, ...: see `weights.py`.
        with_cp: recompute activations in the backward pass.

    Raises:
        ValueError: an encoder that has no stem and four stages.
    """

    def __init__(
        self,
        encoder: str | dict,
        weights: str | None = None,
        with_cp: bool = False,
    ) -> None:
        super().__init__()
        self.config, self.weights = encoder, weights
        self.encoder = build_hierarchy(encoder)
        self.encoder.set_grad_checkpointing(with_cp)
        hand_over(self.encoder.channels, self.encoder.strides)

    def init_weights(self) -> None:
        """Load `weights`, strictly.

        Raises:
            ValueError, RuntimeError, FileNotFoundError: see `load_weights`.
        """
        if self.weights is None:
            print_log(
                'encoder: weights=None, so it starts random', logger='current'
            )
            return
        load_weights(
            self.encoder,
            self.config,
            self.weights,
            self.encoder.native_names,
            'encoder',
        )

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Image (B,3,H,W) -> four maps (B,C_i,H/s_i,W/s_i)."""
        # As in `PretrainedEncoder`: faster in this layout.
        image = image.contiguous(memory_format=torch.channels_last)
        return tuple(self.encoder(image))
