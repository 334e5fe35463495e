"""PFP, the Post Feature Pyramid of the paper (section 3.1)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .arguments import check_count, check_counts, check_number
from .reshape import ReShape, Upsample
from .resize import resize_to


class PostFeaturePyramid(nn.Module):
    """RS each map to the first map's size, concatenate, RS to one map.

    The paper gives no widths, and takes the result to pixel level (F^1).

    Args:
        in_channels: width of each map, highest resolution first.
        in_strides: stride of each map in image pixels, in the same order.
        pyramid_channels: width of each re-shaped map before the concat.
        out_channels: width of the fused map.
        out_stride: stride of the fused map: 1 for pixel level, 2 or 4 to
            spend less.
        norm: see `ReShape`.
        act: see `ReShape`.
        upsample: see `ReShape`.

    Raises:
        ValueError: the lists differ in length, a width or stride is not
            above 0, or a stride is no multiple of the one that it has to be
            brought to.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        in_strides: Sequence[float],
        pyramid_channels: int = 256,
        out_channels: int = 64,
        out_stride: int = 1,
        norm: str = 'RMSNorm',
        act: str = 'SiLU',
        upsample: Upsample = 'shuffle',
    ) -> None:
        super().__init__()
        check_counts('PostFeaturePyramid: in_channels', in_channels)
        for stride in in_strides:
            check_number('PostFeaturePyramid: in_strides', stride)
        check_count('PostFeaturePyramid: pyramid_channels', pyramid_channels)
        check_count('PostFeaturePyramid: out_channels', out_channels)
        check_count('PostFeaturePyramid: out_stride', out_stride)
        if len(in_channels) != len(in_strides):
            raise ValueError(
                f'PostFeaturePyramid got {len(in_channels)} widths '
                f'{list(in_channels)} and {len(in_strides)} strides '
                f'{list(in_strides)}; give one stride for each map.'
            )
        self.in_channels = list(in_channels)
        first = in_strides[0]
        for stride, wanted in [(s, first) for s in in_strides] + [
            (first, out_stride)
        ]:
            if stride % wanted:
                raise ValueError(
                    f'PostFeaturePyramid cannot bring stride {stride} to '
                    f'{wanted}: the first has to be a multiple of the '
                    f'second (in_strides={list(in_strides)}, '
                    f'out_stride={out_stride}).'
                )
        self.reshapes = nn.ModuleList(
            ReShape(c, pyramid_channels, s // first, norm, act, upsample)
            for c, s in zip(in_channels, in_strides, strict=True)
        )
        self.fuse = ReShape(
            pyramid_channels * len(in_channels),
            out_channels,
            first // out_stride,
            norm,
            act,
            upsample,
        )

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Fuse maps (B,C_i,H/s_i,W/s_i) to one (B,C',H/out_stride,...).

        Args:
            features: the maps, highest resolution first.

        Raises:
            ValueError: the maps are not those the module was built for.
        """
        return self.fuse(self.concatenate(features))

    def concatenate(self, features: Sequence[Tensor]) -> Tensor:
        """Each map by its RS to the first one's size: (B,N*C_p,h,w).

        Args:
            features: as for `forward`.
        """
        self.check_widths(features)
        size = features[0].shape[-2:]
        pyramid = [
            resize_to(reshape(feature), size)
            for reshape, feature in zip(self.reshapes, features, strict=True)
        ]
        return torch.cat(pyramid, dim=1)

    def check_widths(self, features: Sequence[Tensor]) -> None:
        """Compare maps with those that the module was built for.

        Raises:
            ValueError: they are of other widths, or not as many.
        """
        widths = [f.shape[1] for f in features]
        if widths != self.in_channels:
            raise ValueError(
                f'PostFeaturePyramid got maps of widths {widths} and was '
                f'built for in_channels={self.in_channels}. Give the '
                'widths that the backbone or neck returns.'
            )
