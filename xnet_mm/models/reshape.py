"""RS, the Re-Shape module of the paper (section 3.1)."""

from contextlib import nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..fast.linear import FastLinear, linear


class ReShape(nn.Module):
    """Norm, two-layer MLP and PixelShuffle: (B,C,H,W) -> (B,C',H*r,W*r).

    The paper says "a normalization layer and a two-layer MLP, with upsampling
    achieved through a PixelShuffle module positioned of the MLP"; the words
    about the position are cut off. This is the reading that keeps two
    layers: norm -> Linear(C, C' r^2) -> PixelShuffle(r) -> act ->
    Linear(C', C'). RMSNorm and SiLU are in the paper's reference list and
    cited nowhere in its text, so they are the defaults.

    Args:
        in_channels: width C of the map that comes in.
        out_channels: width C' of the map that goes out.
        scale_factor: how much higher and wider the map becomes, r >= 1.
        norm: name of a `torch.nn` norm over the last dimension.
        act: name of a `torch.nn` activation.

    Raises:
        ValueError: `scale_factor` is not an integer >= 1.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        scale_factor: int,
        norm: str = 'RMSNorm',
        act: str = 'SiLU',
    ) -> None:
        super().__init__()
        if int(scale_factor) != scale_factor or scale_factor < 1:
            raise ValueError(
                f'ReShape got scale_factor={scale_factor}; PixelShuffle '
                'needs an integer of at least 1.'
            )
        self.out_channels = out_channels
        self.scale_factor = int(scale_factor)
        self.norm = getattr(nn, norm)(in_channels)
        self.expand = FastLinear(in_channels, out_channels * scale_factor**2)
        self.act = getattr(nn, act)()
        self.project = nn.Linear(out_channels, out_channels)
        self._init_alike()

    @torch.no_grad()
    def _init_alike(self) -> None:
        """Start with equal sub-pixels: nearest up-sampling, no checkerboard.

        The initialisation of Aitken et al. 2017, "Checkerboard artifact free
        sub-pixel convolution".
        """
        for tensor in (self.expand.weight, self.expand.bias):
            groups = tensor.view(self.out_channels, self.scale_factor**2, -1)
            groups[:, 1:] = groups[:, :1]

    def init_identity(self) -> None:
        """Make the output constant one, whatever comes in."""
        nn.init.zeros_(self.project.weight)
        nn.init.ones_(self.project.bias)

    def forward(
        self,
        x: Tensor,
        probe: nn.Conv2d | None = None,
        out: Tensor | None = None,
    ) -> Tensor:
        """Map (B,C,H,W) to (B,C',H*r,W*r).

        Args:
            x: the map.
            probe: a 1x1 convolution to K channels that follows. It is
                multiplied into the last linear layer, so that the map of
                C' channels is never made: (B,K,H*r,W*r).
            out: where the result goes, a channels-last map or whole rows of
                one; in inference only.
        """
        # In its weight's precision: autocast has no rule for RMSNorm.
        x = x.permute(0, 2, 3, 1)
        if hasattr(self.norm, 'weight'):
            x = x.to(self.norm.weight.dtype)
        x = self.expand(self.norm(x))  # (B,H,W,C'*r*r)
        x = F.pixel_shuffle(x.permute(0, 3, 1, 2), self.scale_factor)
        x = self.act(x).permute(0, 2, 3, 1)  # (B,H*r,W*r,C')
        weight, bias = self.project.weight, self.project.bias
        channels = self.out_channels
        if probe is not None:
            weight, bias = _compose(self.project, probe)
            channels = probe.out_channels
            if x.is_cuda and channels > 8:
                # 150 classes take 0.83 ms on an H200, 160 take 0.40.
                spare = -channels % 32
                weight = F.pad(weight, (0, 0, 0, spare))
                bias = F.pad(bias, (0, spare))
        weight, bias = weight.to(x.dtype), bias.to(x.dtype)
        if out is None:
            x = linear(x, weight, bias)[..., :channels]
            return x.permute(0, 3, 1, 2)
        rows = out.permute(0, 2, 3, 1).view(-1, channels)
        x = x.reshape(len(rows), -1)
        torch.addmm(bias, x, weight.t(), out=rows)
        return out


def _compose(first: nn.Linear, then: nn.Conv2d) -> tuple[Tensor, Tensor]:
    """Weight and bias of two linear layers in one, in full precision."""
    device = first.weight.device.type
    exact = nullcontext()
    if device != 'meta':  # which has no autocast, and says so by an error
        exact = torch.autocast(device, enabled=False)
    with exact:
        matrix = then.weight.flatten(1)
        bias = matrix @ first.bias
        if then.bias is not None:
            bias = bias + then.bias
        return matrix @ first.weight, bias
