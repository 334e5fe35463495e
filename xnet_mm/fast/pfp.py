"""PFP and its probe: one linear layer fewer, and bands of rows on a CPU.

The last layer of PFP's fusing RS and the probe are both linear, with nothing
in between, and the map between them is the widest of the model:

    ... act -> project (C' -> C') -> probe (C' -> K)     plain
    ... act -> probe . project    (C' -> K)              here
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..models.depth_heads import PFPDepthHead
from ..models.heads import PFPHead
from ..models.post_feature_pyramid import PostFeaturePyramid
from ..models.reshape import ReShape
from . import when
from .linear import FastLinear, linear


class FastPostFeaturePyramid(PostFeaturePyramid):
    """On a CPU by bands of rows.

    The widest maps, at the highest resolution, are then only made band by
    band, in the cache:

        P1, stride 4   |####|----|----|     a band of rows of each map ...
        P4, stride 32  |####|----|----|
        fused          |####|....|....|     ... gives its rows of the result

    Smooth up-sampling looks at the rows around: bands then overlap by these,
    and what the overlap gives is cut off.
    """

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Fuse maps (B,C_i,H/s_i,W/s_i) to one (B,C',H/out_stride,...)."""
        if not self.is_plain():
            return super().forward(features)
        last = self.fuse.project
        return self.fuse_by(features, last.weight, last.bias)

    def is_plain(self) -> bool:
        """Whether every RS is ours, and the last layer not watched."""
        fuse = self.fuse
        return (
            all(type(reshape) is ReShape for reshape in (*self.reshapes, fuse))
            and type(fuse.project) in (nn.Linear, FastLinear)
            and not when.is_watched(fuse, fuse.project)
        )

    def fuse_by(
        self, features: Sequence[Tensor], weight: Tensor, bias: Tensor
    ) -> Tensor:
        """As `forward`, with another last layer of the fusing RS.

        Args:
            features: maps (B,C_i,H/s_i,W/s_i).
            weight: of the layer, (K,C').
            bias: of the layer, (K,).

        Returns:
            (B,K,H/out_stride,W/out_stride).
        """
        if when.in_pieces(features[0]) and self._is_aligned(features):
            return self._fuse_bands(features, weight, bias)
        return reshape_by(self.fuse, self.concatenate(features), weight, bias)

    def _is_aligned(self, features: Sequence[Tensor]) -> bool:
        """Whether RS alone brings all maps to one size."""
        return all(
            [side * reshape.scale_factor for side in feature.shape[-2:]]
            == [*features[0].shape[-2:]]
            for reshape, feature in zip(self._ours(), features, strict=True)
        )

    def _ours(self) -> list[ReShape]:
        """The RS of each map; see `is_plain`."""
        return [r for r in self.reshapes if type(r) is ReShape]

    def _fuse_bands(
        self, features: Sequence[Tensor], weight: Tensor, bias: Tensor
    ) -> Tensor:
        self.check_widths(features)
        batch, _, height, width = features[0].shape
        factor = self.fuse.scale_factor
        dtype = when.autocast_dtype(self.fuse.expand.weight.dtype)
        fused = torch.empty(
            batch, height * factor, width * factor, len(weight), dtype=dtype
        ).permute(0, 3, 1, 2)
        unit = max(reshape.scale_factor for reshape in self._ours())
        wide = self.fuse.out_channels * factor**2
        step = when.rows_at_once(width * wide * unit)
        for image in range(batch):
            maps = [f[image : image + 1] for f in features]
            for top in range(0, height, step * unit):
                bottom = min(top + step * unit, height)
                first, last = _widen(self.fuse, top, bottom, height)
                rows = slice(top * factor, bottom * factor)
                reshape_by(
                    self.fuse,
                    self._concatenate_rows(maps, first, last),
                    weight,
                    bias,
                    fused[image : image + 1, :, rows],
                    slice((top - first) * factor, (bottom - first) * factor),
                )
        return fused

    def _concatenate_rows(
        self, maps: Sequence[Tensor], first: int, last: int
    ) -> Tensor:
        """Rows first..last (excluded) of what `concatenate` gives."""
        return torch.cat(
            [
                _reshape_rows(reshape, x, first, last)
                for reshape, x in zip(self._ours(), maps, strict=True)
            ],
            dim=1,
        )


class FastPFPHead(PFPHead):
    """The probe is multiplied into the layer before it, in each call."""

    pfp: FastPostFeaturePyramid

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Class logits (B,K,H/out_stride,W/out_stride) of a pyramid."""
        if not can_fold(self):
            return super().forward(inputs)
        return _probe(self, inputs)


class FastPFPDepthHead(PFPDepthHead):
    """As `FastPFPHead`, for depth."""

    pfp: FastPostFeaturePyramid

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Metres (B,1,H/out_stride,W/out_stride) of a pyramid."""
        if not can_fold(self):
            return super().forward(inputs)
        return self.to_metres(_probe(self, inputs))


def can_fold(head: PFPHead) -> bool:
    """Whether nothing but the probe follows PFP, and nobody watches it."""
    probe = head.conv_seg
    return (
        type(head.pfp) is FastPostFeaturePyramid
        and head.pfp.is_plain()
        and type(probe) is nn.Conv2d
        and probe.kernel_size == (1, 1)
        and not when.is_watched(head.pfp, probe)
        and not (head.training and head.dropout is not None)
    )


@torch.no_grad()
def fold_probe(head: PFPHead) -> None:
    """Multiply the probe in once and for all: for inference only.

    `conv_seg` becomes an identity, RS ends in the layer of both. Where
    `can_fold` says no, nothing happens.
    """
    if not can_fold(head):
        return
    weight, bias = compose(head.pfp.fuse.project, head.conv_seg)
    both = FastLinear(weight.shape[1], weight.shape[0], device='meta')
    both.weight, both.bias = (
        nn.Parameter(t, requires_grad=False) for t in (weight, bias)
    )
    head.pfp.fuse.project = both.eval()
    head.conv_seg = nn.Identity().eval()


def reshape_by(
    reshape: ReShape,
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    out: Tensor | None = None,
    keep: slice = slice(None),
) -> Tensor:
    """What `ReShape.forward` does, with another last layer.

    Args:
        reshape: whose norm, expansion and activation are used.
        x: the map, (B,C,H,W).
        weight: of the last layer, (K,C').
        bias: of the last layer, (K,).
        out: where the result goes, a channels-last map or whole rows of
            one, (B,K,H*r,W*r); in inference only.
        keep: rows of the up-sampled map, the others are cut off.

    Returns:
        (B,K,H*r,W*r), as high as `keep`.
    """
    x = reshape.expand(reshape.norm(x.permute(0, 2, 3, 1)))
    x = reshape.act(reshape.upsample(x.permute(0, 3, 1, 2))[:, :, keep])
    x = x.permute(0, 2, 3, 1)  # (B,H*r,W*r,C')
    channels = len(weight)
    if when.is_gpu(x) and channels > 8:
        # 150 classes take 0.83 ms on an H200, 160 take 0.40.
        spare = -channels % 32
        weight = F.pad(weight, (0, 0, 0, spare))
        bias = F.pad(bias, (0, spare))
    weight, bias = weight.to(x.dtype), bias.to(x.dtype)
    if out is None:
        return linear(x, weight, bias)[..., :channels].permute(0, 3, 1, 2)
    rows = out.permute(0, 2, 3, 1).view(-1, channels)
    torch.addmm(bias, x.reshape(len(rows), -1), weight.t(), out=rows)
    return out


def _reshape_rows(
    reshape: ReShape, x: Tensor, first: int, last: int
) -> Tensor:
    """Rows first..last (excluded) of what RS makes of a map (1,C,h,w)."""
    r = reshape.scale_factor
    top, bottom = _widen(reshape, first // r, -(-last // r), x.shape[2])
    return reshape(x[:, :, top:bottom])[:, :, first - top * r : last - top * r]


def _widen(
    reshape: ReShape, first: int, last: int, height: int
) -> tuple[int, int]:
    """With the rows around that RS looks at, within 0..height."""
    if type(reshape.upsample) is nn.PixelShuffle:
        return first, last
    # One row for the bilinear weights, and one for the 3x3 convolution.
    return max(first - 2, 0), min(last + 2, height)


def compose(first: nn.Linear, then: nn.Conv2d) -> tuple[Tensor, Tensor]:
    """Two linear layers in one, in full precision.

    Args:
        first: C' -> C'.
        then: a 1x1 convolution, C' -> K.

    Returns:
        Weight (K,C') and bias (K,).
    """
    with _full_precision(first.weight.device.type):
        matrix = then.weight.flatten(1)
        bias = matrix @ first.bias
        if then.bias is not None:
            bias = bias + then.bias
        return matrix @ first.weight, bias


def _full_precision(device: str) -> AbstractContextManager:
    if device == 'meta':  # it has no autocast, and says so by an error
        return nullcontext()
    return torch.autocast(device, enabled=False)


def _probe(
    head: FastPFPHead | FastPFPDepthHead, inputs: Sequence[Tensor]
) -> Tensor:
    """(B,K,...): `can_fold` has said yes."""
    weight, bias = compose(head.pfp.fuse.project, head.conv_seg)
    maps = head._transform_inputs(inputs)
    return head.pfp.fuse_by(maps, weight, bias)
