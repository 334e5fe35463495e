"""Other people's heads on a pyramid, to compare with.

mmseg's own `UPerHead` takes a pyramid as it is; what is here it does not have.
"""

from collections.abc import Sequence
from typing import Any

from mmcv.cnn import ConvModule
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.decode_heads.dpt_head import FeatureFusionBlock
from torch import Tensor, nn

from ..registry import MODELS
from .handover import widths_before
from .resize import resize_to


@MODELS.register_module()
class LinearHead(BaseDecodeHead):
    """A linear probe, a 1x1 convolution of all maps at the first's size.

    The maps are up-sampled and put side by side, as in DINOv2's "+ms" probe;
    its batch norm before the probe is left out, as the maps of a convolutional
    pyramid come out of norms of their own.

    Args:
        in_channels: width of each map, highest resolution first. Default:
            those of the model's neck or `PretrainedPyramid`.
        dropout_ratio: before the probe.
        **kwargs: those of mmseg's BaseDecodeHead.

    Raises:
        ValueError: no `in_channels`, and neither neck nor backbone of ours
            before.
    """

    def __init__(
        self,
        in_channels: Sequence[int] | None = None,
        dropout_ratio: float = 0.0,
        **kwargs: Any,
    ) -> None:
        in_channels = widths_before(type(self).__name__, in_channels)
        super().__init__(
            in_channels=in_channels,
            channels=sum(in_channels),
            in_index=list(range(len(in_channels))),
            input_transform='resize_concat',
            dropout_ratio=dropout_ratio,
            **kwargs,
        )

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Maps (B,C_i,H/s_i,W/s_i) -> logits (B,K,H/s_1,W/s_1)."""
        return self.cls_seg(self._transform_inputs(inputs))


@MODELS.register_module()
class DPTPyramidHead(BaseDecodeHead):
    """DPT's head (Ranftl et al. 2021) on a pyramid.

    Fusion blocks from the lowest to the highest resolution, each doubling
    it, then a 3x3 convolution and the probe at half the stride of the first
    map. For a ViT put mmseg's `Feature2Pyramid` or `MultiLevelNeck` before it
    and give `in_channels`; mmseg's own `DPTHead` takes the tokens of a ViT.

    Args:
        in_channels: width of each map, highest resolution first. Default:
            those of the model's neck or `PretrainedPyramid`.
        channels: width of the fusion blocks.
        norm_cfg: of the fusion blocks and of the 3x3 convolution; DPT's own
            depth model has none, its segmentation model batch norm.
        **kwargs: those of mmseg's BaseDecodeHead.

    Raises:
        ValueError: no `in_channels`, and neither neck nor backbone of ours
            before.
    """

    def __init__(
        self,
        in_channels: Sequence[int] | None = None,
        channels: int = 256,
        norm_cfg: dict | None = None,
        **kwargs: Any,
    ) -> None:
        in_channels = widths_before(type(self).__name__, in_channels)
        super().__init__(
            in_channels=in_channels,
            channels=channels,
            in_index=list(range(len(in_channels))),
            input_transform='multiple_select',
            norm_cfg=norm_cfg,
            **kwargs,
        )
        self.convs = nn.ModuleList(
            nn.Conv2d(width, channels, 3, padding=1, bias=False)
            for width in in_channels
        )
        self.fusion_blocks = nn.ModuleList(
            FeatureFusionBlock(channels, self.act_cfg, norm_cfg)
            for _ in in_channels
        )
        # It would add a second map, which the lowest resolution lacks.
        self.fusion_blocks[-1].register_module('res_conv_unit1', None)
        self.project = ConvModule(
            channels, channels, 3, padding=1, norm_cfg=norm_cfg
        )

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Maps (B,C_i,H/s_i,W/s_i) -> logits (B,K,H/s,W/s), s = s_1 / 2."""
        maps = self._transform_inputs(inputs)
        maps = [c(m) for c, m in zip(self.convs, maps, strict=True)]
        fused = self.fusion_blocks[-1](maps[-1])
        for block, feature in zip(
            reversed(self.fusion_blocks[:-1]),
            reversed(maps[:-1]),
            strict=True,
        ):
            fused = resize_to(fused, feature.shape[-2:])  # odd sizes
            fused = block(fused, feature)
        return self.cls_seg(self.project(fused))
