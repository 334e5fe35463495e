"""What is exported, and the facts that a program needs beside it."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmcv.transforms import Resize
from mmengine.logging import print_log
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.segmentors import EncoderDecoder
from torch import Tensor, nn

from ..datasets.label_ids import file_ids
from ..datasets.transforms import DepthResize
from ..fast import prepare_for_inference
from ..models import DepthSegmentor, MonoDepthEstimator
from ..models.channels import RGB, image_channels
from ..models.resize import resize_to
from ..visualization.depth_colours import DEPTH_MAP, colour_table
from ..visualization.panels import colours_as_bytes


class ExportedModel(nn.Module):
    """RGB images of 0 to 255 in, logits or metres of the same size out.

    A model of other than three channels takes them as its loader gives them.

    Args:
        model: a segmentor of MMSegmentation; rewritten in place by
            `prepare_for_inference`.

    Attributes:
        channels: of the images.

    Raises:
        ValueError: its preprocessor pads test images, which would have to
            be done outside of the file; or its head gives no logits.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, model: EncoderDecoder) -> None:
        super().__init__()
        preprocessor = model.data_preprocessor
        if getattr(preprocessor, 'test_cfg', None):
            raise ValueError(
                'data_preprocessor.test_cfg='
                f'{preprocessor.test_cfg}: an exported file does not pad. '
                'Remove it, or export at a size that needs no padding.'
            )
        if isinstance(model, DepthSegmentor):
            raise ValueError(
                'DepthSegmentor gives classes and depth; an exported file '
                'holds one of them. Train and export a model of the one that '
                'is wanted, or predict both by tools/predict.py.'
            )
        self.is_depth = isinstance(model, MonoDepthEstimator)
        head = model.decode_head
        if not self.is_depth and not isinstance(head, BaseDecodeHead):
            raise ValueError(
                f'{type(head).__name__} gives more than logits; wanted a '
                'head of classes (BaseDecodeHead) or of depth.'
            )
        self.model: EncoderDecoder = prepare_for_inference(model)
        self.channels = image_channels(model)
        self.flip = self.channels == RGB and not any(
            getattr(preprocessor, name, False)  # by the release of mmseg
            for name in ('channel_conversion', '_channel_conversion')
        )
        mean = getattr(preprocessor, 'mean', torch.zeros(1, 1, 1))
        std = getattr(preprocessor, 'std', torch.ones(1, 1, 1))
        self.register_buffer('mean', mean.clone())
        self.register_buffer('std', std.clone())

    def forward(self, image: Tensor) -> Tensor:
        """(B,N,H,W) -> logits (B,K,H,W) or metres (B,1,H,W)."""
        if self.flip:  # trained on BGR
            image = image.flip(1)
        x = (image - self.mean) / self.std
        head = self.model.decode_head
        maps = self.model.extract_feat(x)
        # `predict` of a depth head keeps its range and needs no image size.
        out = head.predict(maps) if self.is_depth else head(maps)
        return resize_to(out, image.shape[-2:], self.model.align_corners)


def describe(
    model: EncoderDecoder, transforms: Sequence, meta: dict
) -> dict[str, Any]:
    """What a program needs to know that has nothing but the file.

    Args:
        model: the segmentor.
        transforms: of the test pipeline. `Resize` and `DepthResize` are
            noted, for the program to do; of any other that changes the
            image the log warns.
        meta: `dataset_meta` of the checkpoint: `classes`, `palette`, and
            what says which ids the label maps have.

    Returns:
        What JSON can hold: `task`, `classes`, `palette` and `ids` (of each
        class in the label maps) or `max_depth` and `colours` (RGB from near
        to far), `scale` (width, height) and `keep_ratio`.

    Raises:
        ValueError: `meta` names too few classes.
    """
    head = model.decode_head
    facts: dict[str, Any]
    if isinstance(model, MonoDepthEstimator):
        facts = dict(task='depth', max_depth=float(head.max_depth))
        facts['colours'] = colour_table(DEPTH_MAP).tolist()
    else:
        facts = dict(task='segmentation', threshold=head.threshold)
        names = map(str, range(head.num_classes))
        facts['classes'] = [*(meta.get('classes') or names)]
        if len(facts['classes']) < head.num_classes:
            raise ValueError(
                f'The head has num_classes={head.num_classes}, the '
                f'checkpoint names {len(facts["classes"])} classes. Take the '
                'config and the checkpoint of one training.'
            )
        facts['ids'] = file_ids({**meta, **facts}).tolist()
        generator = np.random.default_rng(0)
        random = generator.integers(0, 256, (head.num_classes, 3))
        palette = meta.get('palette') or random
        facts['palette'] = colours_as_bytes(palette).tolist()
    for transform in transforms:
        name = type(transform).__name__
        if isinstance(transform, Resize) or type(transform) is DepthResize:
            facts['scale'] = [*transform.scale]
            facts['keep_ratio'] = transform.keep_ratio
            if getattr(transform, 'interpolation', 'bilinear') != 'bilinear':
                print_log(
                    f'The test pipeline has {name} with '
                    f'interpolation={transform.interpolation!r}; '
                    'predict_exported.py does it by the bilinear one.',
                    logger='current',
                    level=logging.WARNING,
                )
        elif not name.startswith(('Load', 'Pack')):
            print_log(
                f'The test pipeline has {name}, the exported file has not: '
                'it predicts the image that it is given.',
                logger='current',
                level=logging.WARNING,
            )
    own = dict(mode='whole', flip='none', align_corners=False)
    for key, plain in own.items():
        chosen = model.test_cfg.get(key, plain)
        if chosen != plain:
            print_log(
                f'test_cfg has {key}={chosen!r}; the exported file does '
                f'{key}={plain!r}.',
                logger='current',
                level=logging.WARNING,
            )
    return facts
