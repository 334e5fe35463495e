"""Heads: a post feature pyramid (PFP) and a linear probe, nothing else."""

from collections.abc import Sequence
from typing import Any

from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from torch import Tensor

from ..registry import MODELS
from .arguments import check_count, check_counts, check_index, check_number
from .handover import take_over
from .post_feature_pyramid import PostFeaturePyramid
from .reshape import Upsample
from .weighted_loss import with_weighted_loss


@MODELS.register_module()
class PFPHead(BaseDecodeHead):
    """PFP and a linear probe (1x1) for semantic segmentation.

    Runs on our neck and on any backbone or neck that returns a pyramid.

    Args:
        num_classes: number of classes, void not counted.
        in_channels: width of each map. Default: those of the model's neck,
            a `PretrainedReversedDecoder`, or of its `PretrainedPyramid`.
        in_strides: stride of each map. Default: those of neck or backbone;
            with `in_channels` given, 4, 8, 16, 32.
        in_index: which maps to take. Default: all of them.
        channels: width of the fused map that the probe sees.
        pyramid_channels: width of each map before it is fused.
        out_stride: stride of the logits, 1 | 2 | 4.
        norm: see `ReShape`.
        act: see `ReShape`.
        dropout_ratio: before the probe; the paper names none.
        upsample: see `ReShape`.
        **kwargs: the rest of mmseg's `BaseDecodeHead` (losses, sampler,
            ignore_index, align_corners, ...). mmseg's `CrossEntropyLoss`
            with class weights becomes `WeightedCrossEntropyLoss`.

    Raises:
        ValueError: no `in_channels`, and neither neck nor backbone of ours
            before; strides that RS cannot bring together; or a number that
            is none of its kind.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: Sequence[int] | None = None,
        in_strides: Sequence[float] | None = None,
        in_index: Sequence[int] | None = None,
        channels: int = 64,
        pyramid_channels: int = 256,
        out_stride: int = 1,
        norm: str = 'RMSNorm',
        act: str = 'SiLU',
        dropout_ratio: float = 0.0,
        upsample: Upsample = 'shuffle',
        **kwargs: Any,
    ) -> None:
        name = type(self).__name__
        check_count(f'{name}: num_classes', num_classes)
        check_count(f'{name}: channels', channels)
        check_number(
            f'{name}: dropout_ratio', dropout_ratio, 0, 1, or_equal=True
        )
        if in_index is not None:
            check_index(f'{name}: in_index', in_index)
        if in_channels is None:
            before = take_over(name)
            index = in_index or range(len(before.channels))
            check_index(f'{name}: in_index', index, len(before.channels))
            in_channels = [before.channels[i] for i in index]
            in_strides = in_strides or [before.strides[i] for i in index]
        check_counts(f'{name}: in_channels', in_channels)
        if in_index and len(in_index) != len(in_channels):
            raise ValueError(
                f'{name}: in_index={list(in_index)} and in_channels='
                f'{list(in_channels)} differ in length; wanted the width of '
                'each map that is taken.'
            )
        in_strides = in_strides or [4 * 2**i for i in range(len(in_channels))]
        if 'loss_decode' in kwargs:
            kwargs['loss_decode'] = with_weighted_loss(kwargs['loss_decode'])
        super().__init__(
            list(in_channels),
            channels,
            num_classes=num_classes,
            in_index=list(in_index or range(len(in_channels))),
            input_transform='multiple_select',
            dropout_ratio=dropout_ratio,
            **kwargs,
        )
        self.pfp = PostFeaturePyramid(
            in_channels,
            in_strides,
            pyramid_channels,
            channels,
            out_stride,
            norm,
            act,
            upsample,
        )

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Maps (B,C_i,H/s_i,W/s_i) -> logits (B,K,H/out_stride,...)."""
        return self.cls_seg(self._forward_feature(inputs))

    def _forward_feature(self, inputs: Sequence[Tensor]) -> Tensor:
        """Maps -> what the probe sees, (B,channels,H/out_stride,...).

        MMSegmentation's name: its `IterativeDecodeHead` (K-Net) refines the
        kernels of another head, by this method, `cls_seg` and `conv_seg`.
        """
        return self.pfp(self._transform_inputs(inputs))

    def _transform_inputs(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """The maps of `in_index`."""
        if max(self.in_index) >= len(inputs):
            check_index(
                f'{type(self).__name__}: in_index', self.in_index, len(inputs)
            )
        return super()._transform_inputs(inputs)

    def predict_by_feat(
        self, seg_logits: Tensor, batch_img_metas: list[dict]
    ) -> Tensor:
        """Logits at the image's size; those that are there are not resized.

        Args:
            seg_logits: (B,K,h,w).
            batch_img_metas: see mmseg's BaseDecodeHead.

        Returns:
            (B,K,H,W).
        """
        meta = batch_img_metas[0]
        sizes = [
            tuple(meta[key][:2])
            for key in ('img_shape', 'pad_shape')
            if key in meta
        ]  # no set: torch.compile would take a hashed size for a constant
        here = tuple(seg_logits.shape[-2:])
        if sizes and all(size == here for size in sizes):
            return seg_logits
        return super().predict_by_feat(seg_logits, batch_img_metas)
