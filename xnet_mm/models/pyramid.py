"""The encoder of the peers: a pre-trained encoder's pyramid, no image."""

from typing import Any

from torch import Tensor

from ..registry import MODELS
from .encoder import PretrainedEncoder


@MODELS.register_module()
class PretrainedPyramid(PretrainedEncoder):
    """`PretrainedEncoder` as an ordinary backbone of four maps.

    For heads that want the encoder's own pyramid (UPerNet, DPT, ...), on
    the same encoder and weights.

    Args:
        *args: those of `PretrainedEncoder`.
        **kwargs: likewise, but for `pyramid`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, pyramid=True, **kwargs)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Image (B,3,H,W) -> four maps (B,C_i,H/s_i,W/s_i)."""
        return super().forward(image)[1:]
