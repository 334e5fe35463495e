"""Classes and depth of single images: one encoder and decoder, two heads."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.model import BaseTTAModel
from mmengine.structures import PixelData
from mmseg.models.segmentors import EncoderDecoder
from mmseg.structures import SegDataSample
from torch import Tensor

from ..registry import MODELS
from .arguments import check_windows
from .depth_estimator import keep_depth, mean_depth
from .depth_heads import DepthOutput
from .preprocessor import MultiChannelDataPreProcessor
from .resize import resize_to


@MODELS.register_module()
class DepthSegDataPreProcessor(MultiChannelDataPreProcessor):
    """Normalises and pads; depth's padding is 0, "no ground truth".

    Options: those of `MultiChannelDataPreProcessor`, whose `seg_pad_val` is
    for the class ids alone.
    """

    def forward(self, data: dict, training: bool = False) -> dict[str, Any]:
        """As mmseg's, which would pad depth with `seg_pad_val`: 255 m.

        Args:
            data: `inputs`, images (N,H,W), and `data_samples`.
            training: whether all images are padded to one size.

        Returns:
            `inputs`, (B,N,H,W), and `data_samples`.
        """
        sizes = [_truth_size(s) for s in data.get('data_samples') or ()]
        data = super().forward(data, training)
        for sample, size in zip(data.get('data_samples') or (), sizes,
                                strict=True):  # fmt: skip
            if size is not None:
                truth = sample.gt_depth_map.data
                truth[..., size[0] :, :] = 0
                truth[..., size[1] :] = 0
        return data


@MODELS.register_module()
class DepthSegmentor(EncoderDecoder):
    """mmseg's EncoderDecoder with a second head, for depth.

    Both heads see the maps of one pass of encoder and decoder. Whole and
    sliding windows are mmseg's; mirror images are averaged by
    `DepthSegTTAModel` (`--tta`). A sample needs both truths, `gt_sem_seg` and
    `gt_depth_map`; one without the latter counts for nothing in depth.

    Args:
        depth_head: config of a head for depth, such as `PFPDepthHead`.
            Default widths and strides: those of the box before, as for
            `decode_head`.
        **kwargs: those of EncoderDecoder; `decode_head` is that of the
            classes.

    Raises:
        ValueError: a head that is not for its task, `test_cfg.flip`, or a
            sliding window that leaves pixels out.
    """

    def __init__(self, *args: Any, depth_head: dict, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.depth_head = MODELS.build(depth_head)
        name = type(self).__name__
        for key, is_depth in (('decode_head', False), ('depth_head', True)):
            head = getattr(self, key)
            if isinstance(head, DepthOutput) != is_depth:
                task = 'for depth, as PFPDepthHead' if is_depth else (
                    'for classes, as PFPHead'
                )  # fmt: skip
                raise ValueError(
                    f'{name}: {key} is a {type(head).__name__}; wanted one '
                    f'{task}.'
                )
        if 'flip' in (self.test_cfg or {}):
            raise ValueError(
                f'{name}: test_cfg.flip is an option of MonoDepthEstimator. '
                'Leave it out; --tta averages mirror images here.'
            )
        check_windows(self.test_cfg)
        # Of what `encode_decode` gives: sliding windows are summed up in it.
        self.out_channels = self.decode_head.out_channels + 1

    def encode_decode(
        self, inputs: Tensor, batch_img_metas: list[dict]
    ) -> Tensor:
        """Images (B,N,H,W) -> logits and metres, (B,K+1,H,W), in one pass."""
        maps = self.extract_feat(inputs)
        logits = self.decode_head.predict(maps, batch_img_metas, self.test_cfg)
        depth = self.depth_head.predict(maps)
        depth = resize_to(
            depth, logits.shape[-2:], self.depth_head.align_corners
        )
        return torch.cat([logits, depth], dim=1)

    def loss(
        self, inputs: Tensor, data_samples: Sequence[SegDataSample]
    ) -> dict[str, Tensor]:
        """The losses of both heads, `decode.*` and `depth.*`."""
        maps = self.extract_feat(inputs)
        losses = self._decode_head_forward_train(maps, data_samples)
        if self.with_auxiliary_head:
            losses.update(
                self._auxiliary_head_forward_train(maps, data_samples)
            )
        depth = self.depth_head.loss(maps, data_samples, self.train_cfg)
        losses.update({f'depth.{key}': value for key, value in depth.items()})
        return losses

    def postprocess_result(
        self,
        seg_logits: Tensor,
        data_samples: Sequence[SegDataSample] | None = None,
    ) -> list[SegDataSample]:
        """What `encode_decode` gives -> samples with both predictions.

        `pred_sem_seg` and `seg_logits` as mmseg's, and `pred_depth_map`,
        metres (1,h,w).
        """
        samples = super().postprocess_result(seg_logits[:, :-1], data_samples)
        for depth, sample in zip(seg_logits[:, -1:], samples, strict=True):
            keep_depth(
                sample, depth, self.depth_head, self.depth_head.align_corners
            )
        return samples

    def _forward(
        self,
        inputs: Tensor,
        data_samples: Sequence[SegDataSample] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Images (B,N,H,W) -> what the heads give: logits, metres."""
        maps = self.extract_feat(inputs)
        return self.decode_head(maps), self.depth_head(maps)


@MODELS.register_module()
class DepthSegTTAModel(BaseTTAModel):
    """The mean of both predictions over the views of mmcv's `TestTimeAug`."""

    def merge_preds(
        self, data_samples_list: list[list[SegDataSample]]
    ) -> list[SegDataSample]:
        """Merge the views of each image, class by class and in metres."""
        merged = []
        for views in data_samples_list:
            logits = torch.stack([view.seg_logits.data for view in views])
            if logits.shape[1] == 1:
                scores = logits.sigmoid().mean(0)
                labels = scores > self.module.decode_head.threshold
            else:
                scores = logits.softmax(1).mean(0)
                labels = scores.argmax(0, keepdim=True)
            sample = mean_depth(views)
            sample.pred_sem_seg = PixelData(data=labels.long())
            del sample.seg_logits  # of one view
            merged.append(sample)
        return merged


def _truth_size(sample: SegDataSample) -> tuple[int, int] | None:
    """Height and width of the depth map of a sample that has one."""
    if 'gt_depth_map' not in sample:
        return None
    height, width = sample.gt_depth_map.data.shape[-2:]
    return height, width
