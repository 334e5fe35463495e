"""RS, the Re-Shape module of the paper (section 3.1)."""

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from .. import compat
from .arguments import check_layer

Upsample = Literal['shuffle', 'bilinear']


class RMSNorm(compat.RMSNorm):
    """torch's, in the precision of its weight: autocast has no rule for it."""

    def forward(self, x: Tensor) -> Tensor:
        """(...,C) -> (...,C)."""
        return super().forward(x.to(self.weight.dtype))


class ReShape(nn.Module):
    """Norm, two-layer MLP and up-sampling: (B,C,H,W) -> (B,C',H*r,W*r).

    The paper says "a normalization layer and a two-layer MLP, with upsampling
    achieved through a PixelShuffle module positioned of the MLP"; the words
    about the position are cut off. This is the reading that keeps two layers,
    `upsample='shuffle'`:

        norm -> Linear(C, C' r^2) -> PixelShuffle(r) -> act -> Linear(C', C')

    It treats each coarse cell by itself, so what it makes shows the cells as
    blocks. `upsample='bilinear'` is not the paper's. It mixes neighbouring
    cells, has fewer parameters, and paints no blocks:

        norm -> Linear(C, C') -> 3x3 depthwise -> bilinear by r -> act
             -> Linear(C', C')

    The depthwise convolution starts as the identity.

    RMSNorm and SiLU are in the paper's reference list and cited nowhere in
    its text, so they are the defaults.

    Args:
        in_channels: width C of the map that comes in.
        out_channels: width C' of the map that goes out.
        scale_factor: how much higher and wider the map becomes, r >= 1.
        norm: name of a `torch.nn` norm over the last dimension.
        act: name of a `torch.nn` activation.
        upsample: 'shuffle', the paper's, or 'bilinear'.

    Raises:
        ValueError: `scale_factor` is not an integer >= 1, torch.nn has no
            such norm or activation, or an unknown `upsample`.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        scale_factor: float,
        norm: str = 'RMSNorm',
        act: str = 'SiLU',
        upsample: Upsample = 'shuffle',
    ) -> None:
        super().__init__()
        factor = int(scale_factor)  # 2.0 is a whole number too
        if factor != scale_factor or factor < 1:
            raise ValueError(
                f'ReShape got scale_factor={scale_factor}; wanted an integer '
                'of at least 1.'
            )
        check_layer('norm', norm)
        check_layer('act', act)
        if upsample not in get_args(Upsample):
            raise ValueError(
                f"upsample={upsample!r}; wanted 'shuffle', the paper's, or "
                "'bilinear'."
            )
        self.out_channels = out_channels
        self.scale_factor = factor
        build_norm = RMSNorm if norm == 'RMSNorm' else getattr(nn, norm)
        self.norm = build_norm(in_channels)
        copies = factor**2 if upsample == 'shuffle' else 1
        self.expand = nn.Linear(in_channels, out_channels * copies)
        self.upsample: nn.Module = nn.PixelShuffle(factor)
        if upsample == 'bilinear':
            width = out_channels
            around = nn.Conv2d(
                width, width, 3, padding=1, groups=width, bias=False
            )
            nn.init.dirac_(around.weight, groups=width)
            self.upsample = nn.Sequential(
                around, nn.Upsample(scale_factor=factor, mode='bilinear')
            )
        self.act = getattr(nn, act)()
        self.project = nn.Linear(out_channels, out_channels)
        self._init_alike(copies)

    @torch.no_grad()
    def _init_alike(self, copies: int) -> None:
        """Start with equal sub-pixels: nearest up-sampling, no checkerboard.

        The initialisation of Aitken et al. 2017, "Checkerboard artifact free
        sub-pixel convolution".
        """
        for tensor in (self.expand.weight, self.expand.bias):
            groups = tensor.view(self.out_channels, copies, -1)
            groups[:, 1:] = groups[:, :1]

    def init_identity(self) -> None:
        """Make the output constant one, whatever comes in."""
        nn.init.zeros_(self.project.weight)
        nn.init.ones_(self.project.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B,C,H,W) to (B,C',H*r,W*r)."""
        x = x.permute(0, 2, 3, 1)  # (B,H,W,C)
        x = self.expand(self.norm(x))  # (B,H,W,C'*r*r) or (B,H,W,C')
        x = self.upsample(x.permute(0, 3, 1, 2))  # (B,C',H*r,W*r)
        x = self.project(self.act(x).permute(0, 2, 3, 1))  # (B,H*r,W*r,C')
        return x.permute(0, 3, 1, 2)
