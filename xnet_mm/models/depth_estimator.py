"""Monocular depth: mmseg's EncoderDecoder with metres at its end."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import torch
from mmengine.model import BaseTTAModel
from mmengine.structures import PixelData
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.segmentors import EncoderDecoder
from mmseg.structures import SegDataSample
from torch import Tensor

from ..registry import MODELS
from .arguments import check_windows
from .preprocessor import MultiChannelDataPreProcessor
from .resize import resize_to

FLIP_DIMS = dict(horizontal=[-1], vertical=[-2], diagonal=[-2, -1])


@MODELS.register_module()
class DepthDataPreProcessor(MultiChannelDataPreProcessor):
    """Normalises and pads; the padding of depth is 0, "no ground truth".

    Test images of several sizes come out as a list of batches of one, so
    that no image's prediction depends on its neighbours in the batch.
    Options: those of `MultiChannelDataPreProcessor`.

    Raises:
        ValueError: `seg_pad_val` is not 0: 255 would be "255 m".
    """

    def __init__(self, seg_pad_val: float = 0, **kwargs: Any) -> None:
        if seg_pad_val != 0:
            raise ValueError(
                f'seg_pad_val={seg_pad_val}: depth is padded with 0, which '
                'means "no ground truth".'
            )
        super().__init__(seg_pad_val=0, **kwargs)

    def forward(self, data: dict, training: bool = False) -> dict[str, Any]:
        """As mmseg's; at test `inputs` is a list where sizes differ.

        Args:
            data: `inputs`, images (N,H,W), and `data_samples`.
            training: whether all images are padded to one size.

        Returns:
            `inputs`, (B,N,H,W) or a list of (1,N,H,W), and `data_samples`.
        """
        images = data['inputs']
        if training or len({image.shape for image in images}) <= 1:
            return super().forward(data, training)
        samples = data.get('data_samples') or [None] * len(images)
        parts = [
            super(DepthDataPreProcessor, self).forward(
                dict(inputs=[image], data_samples=[sample] if sample else None)
            )
            for image, sample in zip(images, samples, strict=True)
        ]
        return dict(
            inputs=[part['inputs'] for part in parts],
            data_samples=[part['data_samples'][0] for part in parts]
            if data.get('data_samples')
            else None,
        )


@MODELS.register_module()
class MonoDepthEstimator(EncoderDecoder):
    """Depth in metres of single images; its boxes are EncoderDecoder's.

    `test_cfg` is a dict of

    - mode: 'whole' (default) or 'slide' (then `crop_size` and `stride`,
      (height, width) in pixels, as in mmseg);
    - flip: 'none' (default), 'mean' of the image and its mirror image (as
      BinsFormer, AdaBins), or 'blend': the mean, but within 5 % of the left
      and right border only the view where that border is not at the same
      side (as NeWCRFs, NDDepth);
    - align_corners: how a map that was predicted at another size is brought
      to `ori_shape`: True puts the centres of the corner pixels of the two
      over each other (GEDepth on DDAD), False their corners. Default: that
      of the head, False unless set.

    Raises:
        ValueError: an unknown mode, flip or align_corners, or a slide
            without sizes, or one that leaves pixels out.
    """

    test_cfg: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.test_cfg = dict(self.test_cfg or {})
        mode = self.test_cfg.setdefault('mode', 'whole')
        flip = self.test_cfg.setdefault('flip', 'none')
        if mode not in ('whole', 'slide'):
            raise ValueError(
                f"test_cfg.mode={mode!r}; wanted 'whole' or 'slide'. To add "
                "the mirror image: test_cfg=dict(mode=..., flip='mean')."
            )
        if flip not in ('none', 'mean', 'blend'):
            raise ValueError(
                f"test_cfg.flip={flip!r}; wanted 'none', 'mean' or 'blend'."
            )
        corners = self.test_cfg.get('align_corners', False)
        if not isinstance(corners, bool):
            raise ValueError(
                f'test_cfg.align_corners={corners!r}; wanted True or False.'
            )
        check_windows(self.test_cfg)
        self.dataset_meta = {}

    @property
    def dataset_meta(self) -> dict:
        """What MMSegmentation's `init_model` keeps of the data set.

        Its pictures ask for `classes` and `palette`, which are None here.
        """
        return self._dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, meta: dict | None) -> None:
        self._dataset_meta = {'classes': None, 'palette': None, **(meta or {})}

    def encode_decode(
        self, inputs: Tensor, batch_img_metas: list[dict] | None = None
    ) -> Tensor:
        """Images (B,N,H,W) -> metres (B,1,H,W), in one pass."""
        depth = self.decode_head.predict(self.extract_feat(inputs))
        return resize_to(depth, inputs.shape[-2:], self.align_corners)

    def slide_inference(
        self, inputs: Tensor, batch_img_metas: list[dict] | None = None
    ) -> Tensor:
        """Images (B,N,H,W) -> metres (B,1,H,W), the mean over windows."""
        size = inputs.shape[-2:]
        starts = [
            _window_starts(*lengths)
            for lengths in zip(
                size,
                self.test_cfg['crop_size'],
                self.test_cfg['stride'],
                strict=True,
            )
        ]
        height, width = self.test_cfg['crop_size']
        total = inputs.new_zeros(len(inputs), 1, *size)
        count = inputs.new_zeros(1, 1, *size)
        for y, x in product(*starts):
            window = ..., slice(y, y + height), slice(x, x + width)
            total[window] += self.encode_decode(inputs[window])
            count[window] += 1
        return total / count

    def inference(
        self, inputs: Tensor, batch_img_metas: list[dict] | None = None
    ) -> Tensor:
        """Images (B,N,H,W) -> metres (B,1,H,W), as `test_cfg` says."""
        slide = self.test_cfg['mode'] == 'slide'
        run = self.slide_inference if slide else self.encode_decode
        depth = run(inputs)
        if self.test_cfg['flip'] == 'none':
            return depth
        mirrored = run(inputs.flip(-1)).flip(-1)
        mean = (depth + mirrored) / 2
        if self.test_cfg['flip'] == 'mean':
            return mean
        across = torch.linspace(0, 1, depth.shape[-1], device=depth.device)
        left = 1 - ((across - 0.05) * 20).clamp(0, 1)  # 1 at the border
        right = left.flip(0)
        return left * mirrored + right * depth + (1 - left - right) * mean

    def predict(
        self,
        inputs: Tensor | Sequence[Tensor],
        data_samples: Sequence[SegDataSample] | None = None,
    ) -> list[SegDataSample]:
        """Predict; each sample gets `pred_depth_map`, metres (1,h,w).

        Args:
            inputs: images (B,N,H,W), or a list of such where sizes differ.
            data_samples: one per image; their padding is cut off, their
                flip undone, and the map brought to `ori_shape`.
        """
        if not isinstance(inputs, Tensor):
            samples = data_samples or [None] * len(inputs)
            return [
                self.predict(part, [sample] if sample else None)[0]
                for part, sample in zip(inputs, samples, strict=True)
            ]
        return self.postprocess_result(self.inference(inputs), data_samples)

    def postprocess_result(
        self,
        seg_logits: Tensor,
        data_samples: Sequence[SegDataSample] | None = None,
    ) -> list[SegDataSample]:
        """Metres (B,1,H,W) -> samples with `pred_depth_map` (1,h,w)."""
        samples = data_samples or [SegDataSample() for _ in seg_logits]
        corners = bool(self.test_cfg.get('align_corners', self.align_corners))
        for depth, sample in zip(seg_logits, samples, strict=True):
            keep_depth(sample, depth, self.decode_head, corners)
        return list(samples)


@MODELS.register_module()
class DepthTTAModel(BaseTTAModel):
    """The mean depth over the views of mmcv's `TestTimeAug`."""

    def merge_preds(
        self, data_samples_list: list[list[SegDataSample]]
    ) -> list[SegDataSample]:
        """Merge the views of each image; `pred_depth_map` is (1,h,w)."""
        return [mean_depth(views) for views in data_samples_list]


def mean_depth(views: Sequence[SegDataSample]) -> SegDataSample:
    """The first of an image's views, with the mean of all depth maps."""
    sample = views[0]
    maps = [view.pred_depth_map.data for view in views]
    sample.pred_depth_map = PixelData(data=torch.stack(maps).mean(0))
    return sample


def keep_depth(
    sample: SegDataSample,
    depth: Tensor,
    head: BaseDecodeHead,
    align_corners: bool,
) -> None:
    """Put a prediction into its sample, as `pred_depth_map` (1,h,w).

    Args:
        sample: its padding is cut off, its flip undone, and the map brought
            to its `ori_shape`.
        depth: metres (1,H,W), of the image as the model saw it.
        head: that it is from.
        align_corners: how the map is brought to that size.
    """
    meta = sample.metainfo
    left, right, top, bottom = meta.get(
        'img_padding_size', meta.get('padding_size', [0] * 4)
    )
    height, width = depth.shape[-2:]
    depth = depth[..., top : height - bottom, left : width - right]
    if meta.get('flip'):
        depth = depth.flip(FLIP_DIMS[meta['flip_direction']])
    size = torch.Size(meta.get('ori_shape', depth.shape[-2:])[:2])
    depth = resize_to(depth[None], size, align_corners)[0]
    sample.set_data(dict(pred_depth_map=PixelData(data=depth)))
    # Clients of MMSegmentation keep a checkpoint's classes alone.
    max_depth = getattr(head, 'max_depth', None)
    if max_depth is not None:
        sample.set_metainfo(dict(max_depth=max_depth))


def _window_starts(length: int, window: int, stride: int) -> list[int]:
    """Where windows start so that they cover `length`, the last at its end."""
    last = max(length - window, 0)
    return [*range(0, last, stride), last]
