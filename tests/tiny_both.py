"""A small model of classes and depth, and one of each with its weights."""

import copy

import torch
from mmengine.config import ConfigDict
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from tiny_boxes import SMALL, XNET_DEPTH

CLASSES = dict(type='xnet_mm.PFPHead', num_classes=5, **SMALL)
DEPTH = dict(XNET_DEPTH['decode_head'], max_depth=8.0)
BOXES = dict(
    backbone=XNET_DEPTH['backbone'],
    neck=dict(XNET_DEPTH['neck'], mix_init='random'),
)
PREPROCESSOR = dict(
    type='xnet_mm.DepthSegDataPreProcessor',
    mean=[127.5] * 3,
    std=[127.5] * 3,
    bgr_to_rgb=True,
)
BOTH = dict(
    type='xnet_mm.DepthSegmentor',
    data_preprocessor=PREPROCESSOR,
    **BOXES,
    decode_head=CLASSES,
    depth_head=DEPTH,
    test_cfg=dict(mode='whole'),
)


def build(**changes):
    """The model of both, in eval mode; `changes` of its config."""
    torch.manual_seed(0)
    cfg = ConfigDict(copy.deepcopy({**BOTH, **changes}))
    return MODELS.build(cfg).eval()


def singles(both):
    """(segmentor, depth estimator) of the same weights."""
    models = []
    for kind, head, part in (
        ('EncoderDecoder', CLASSES, 'decode_head'),
        ('xnet_mm.MonoDepthEstimator', DEPTH, 'depth_head'),
    ):
        cfg = dict(
            BOXES, type=kind, decode_head=head, test_cfg=dict(both.test_cfg)
        )
        model = MODELS.build(ConfigDict(copy.deepcopy(cfg))).eval()
        for own, theirs in (
            ('backbone', 'backbone'),
            ('neck', 'neck'),
            ('decode_head', part),
        ):
            state = both.get_submodule(theirs).state_dict()
            model.get_submodule(own).load_state_dict(state)
        models.append(model)
    return models


def samples(size, num=2):
    """Images (num,3,H,W), normalised, and samples with both truths."""
    generator = torch.Generator().manual_seed(0)
    found = []
    for _ in range(num):
        sample = SegDataSample(
            metainfo=dict(img_shape=size, ori_shape=size, pad_shape=size)
        )
        labels = torch.randint(0, 5, (1, *size), generator=generator)
        depth = torch.rand(1, *size, generator=generator) * 8
        sample.gt_sem_seg = PixelData(data=labels)
        sample.gt_depth_map = PixelData(data=depth)
        found.append(sample)
    return torch.randn(num, 3, *size, generator=generator), found
