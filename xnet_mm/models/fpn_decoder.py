"""The decoder that Table 1 starts from: low to high resolution, random."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from ..registry import MODELS
from .arguments import check_counts
from .handover import take_over
from .hierarchy import Hierarchy, build_hierarchy
from .reshape import ReShape
from .resize import resize_to

STRIDES: list[float] = [4, 8, 16, 32]


@MODELS.register_module()
class FPNDecoder(BaseModule):
    """Decode with a classifier's stages in the usual order, low to high.

    The row "FPN" of the paper's Table 1, "an FPN [with] the ConvNeXt-T
    structure": D_1 is stage 4 of the classifier, on the encoder's last map,
    D_4 stage 1, at stride 4 (equations 1 and 2). The weights are random:
    in this order the pre-trained ones fit no longer.

    What the paper leaves open. Where the classifier's stage begins with a
    down-sampling, this one is followed by an up-sampling by 2 to the next
    one's width, by RS, the module that changes resolutions everywhere else
    in the paper: norm, linear and PixelShuffle are the down-sampling of a
    ConvNeXt (norm, 2x2 convolution of stride 2) the other way round. Each
    map of the encoder comes in by a 1x1 convolution, as in FPN (Lin et al.
    2017) and as the links of `PretrainedReversedDecoder`.

    Args:
        decoder: name of a timm model or `dict(type='timm', model_name=...,
            **options)`, of a family whose stages have a down-sampling to
            leave out (ConvNeXt, ConvNeXt V2, Swin, Swin V2).
        in_channels: width of each of the encoder's four maps. Default:
            those of the model's `PretrainedEncoder(pyramid=True)`.
        with_cp: recompute activations in the backward pass.

    Attributes:
        out_channels, out_strides: of the one map returned.

    Raises:
        ValueError: a decoder of another family, or an encoder that does not
            return four maps of strides 4, 8, 16, 32.
    """

    def __init__(
        self,
        decoder: str | dict,
        in_channels: Sequence[int] | None = None,
        with_cp: bool = False,
    ) -> None:
        super().__init__()
        strides = STRIDES
        if in_channels is None:
            in_channels, strides = take_over('FPNDecoder')
        check_counts('FPNDecoder: in_channels', in_channels)
        if len(in_channels) != 4 or strides != STRIDES:
            raise ValueError(
                f'FPNDecoder got maps of widths {list(in_channels)} and '
                f'strides {strides}; wanted four of strides {STRIDES}. Take '
                'a hierarchical encoder and set pyramid=True in the '
                'PretrainedEncoder.'
            )
        self.in_channels = list(in_channels)
        hierarchy = build_hierarchy(decoder)
        _drop_downsampling(str(decoder), hierarchy)
        hierarchy.set_grad_checkpointing(with_cp)
        self.channels_last = hierarchy.channels_last[:0:-1]
        self.stages = hierarchy.stages[::-1]
        widths = hierarchy.channels[::-1]
        self.links = nn.ModuleList(
            nn.Conv2d(theirs, ours, 1)
            for theirs, ours in zip(in_channels[::-1], widths, strict=True)
        )
        self.upsamples = nn.ModuleList(
            ReShape(low, high, 2) for low, high in pairwise(widths)
        )
        self.out_channels, self.out_strides = widths[-1:], STRIDES[:1]

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Tensor]:
        """([image,] four maps of the encoder) -> (map (B,C,H/4,W/4),).

        Raises:
            ValueError: the maps have other widths than the neck was built
                for.
        """
        maps = inputs[-4:]  # the image of a PretrainedEncoder is not used
        if [m.shape[1] for m in maps] != self.in_channels:
            raise ValueError(
                'FPNDecoder got '
                f'{", ".join(str(tuple(x.shape)) for x in inputs)}; wanted '
                f'maps (B,C,H/s,W/s) of widths {self.in_channels}, as a '
                'PretrainedEncoder with pyramid=True returns them.'
            )
        links = [
            link(m) for link, m in zip(self.links, maps[::-1], strict=True)
        ]
        x = self._decode(0, links[0])
        for i, upsample in enumerate(self.upsamples, start=1):
            higher = resize_to(upsample(x), links[i].shape[-2:])
            x = self._decode(i, links[i] + higher)
        return (x,)

    def _decode(self, i: int, x: Tensor) -> Tensor:
        """D_(i+1): (B,C,h,w) -> (B,C,h,w)."""
        if not self.channels_last[i]:
            return self.stages[i](x)
        x = self.stages[i](x.permute(0, 2, 3, 1))  # (B,h,w,C)
        return x.permute(0, 3, 1, 2)


@torch.no_grad()
def _drop_downsampling(name: str, hierarchy: Hierarchy) -> None:
    """Make each stage keep the width and size of what it takes in."""
    for stage, channels, last in zip(
        hierarchy.stages,
        hierarchy.channels,
        hierarchy.channels_last[1:],
        strict=True,
    ):
        x = torch.zeros((1, 8, 8, channels) if last else (1, channels, 8, 8))
        try:
            (unit,) = stage.children()
            unit.get_submodule('downsample')
            unit.downsample = nn.Identity()
            wrong = None if unit(x).shape == x.shape else 'it changes the map'
        except Exception as error:
            wrong = repr(error)
        if wrong:
            raise ValueError(
                f'FPNDecoder cannot take {name}: a stage does not run '
                f'without its down-sampling ({wrong}). What can: ConvNeXt, '
                'ConvNeXt V2, Swin and Swin V2 of timm.'
            )
