"""PFP and its probe: one linear layer fewer, and bands of rows on a CPU.

The last layer of PFP's fusing RS and the probe are both linear, with nothing
in between, and the map between them is the widest of the model:

    ... act -> project (C' -> C') -> probe (C' -> K)     plain
    ... act -> probe . project    (C' -> K)              here
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn

from ..models.depth_heads import PFPDepthHead
from ..models.heads import PFPHead
from ..models.post_feature_pyramid import PostFeaturePyramid
from ..models.reshape import ReShape
from . import when
from .linear import FastLinear
from .reshape import put_rows, reshape_by, rows_around


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
        unit = max(reshape.scale_factor for reshape in self._ours())
        wide = self.fuse.out_channels * factor**2
        step = when.rows_at_once(width * wide * unit)
        if batch == 1 and height <= step * unit:
            # One band: a map of its own is faster made (by oneDNN) than
            # written into another, 8 % of the head on one core.
            pyramid = self._concatenate_rows(features, 0, height)
            return reshape_by(self.fuse, pyramid, weight, bias)
        fused = torch.empty(
            batch, height * factor, width * factor, len(weight), dtype=dtype
        ).permute(0, 3, 1, 2)
        for image in range(batch):
            maps = [f[image : image + 1] for f in features]
            for top in range(0, height, step * unit):
                bottom = min(top + step * unit, height)
                first, last = rows_around(self.fuse, top, bottom, height)
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
        widths = [reshape.out_channels for reshape in self._ours()]
        pyramid = torch.empty(
            1,
            last - first,
            maps[0].shape[3],
            sum(widths),
            dtype=when.autocast_dtype(self.fuse.expand.weight.dtype),
        ).permute(0, 3, 1, 2)
        # Each map's last layer writes to its place: nothing to concatenate.
        places = pyramid.split(widths, dim=1)
        for reshape, x, out in zip(self._ours(), maps, places, strict=True):
            put_rows(reshape, x, first, out)
        return pyramid


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
