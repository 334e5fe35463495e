"""The encoder of the peers: a pre-trained encoder's pyramid, no image."""

from collections.abc import Sequence

from torch import Tensor

from ..registry import MODELS
from .encoder import PretrainedEncoder


@MODELS.register_module()
class PretrainedPyramid(PretrainedEncoder):
    """`PretrainedEncoder` as an ordinary backbone of four maps.

    For heads that want the encoder's own pyramid (UPerNet, DPT, ...), on
    the same encoder and weights.

    Args:
        encoder: this and the others are those of `PretrainedEncoder`.
        weights: likewise.
        input_scale: likewise.
        with_cp: likewise.
        channels: likewise.
        frozen: likewise.
    """

    def __init__(
        self,
        encoder: str | dict,
        weights: str | None = None,
        input_scale: float = 1.0,
        with_cp: bool = False,
        channels: Sequence[int] | None = None,
        frozen: bool = False,
    ) -> None:
        super().__init__(
            encoder,
            weights,
            input_scale,
            pyramid=True,
            with_cp=with_cp,
            channels=channels,
            frozen=frozen,
        )

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Image (B,N,H,W) -> four maps (B,C_i,H/s_i,W/s_i)."""
        return super().forward(image)[1:]
