"""An xNet small enough to export in seconds, and what it should give."""

import torch
import torch.nn.functional as F
from mmseg.registry import MODELS

# Options of a model that is no xNet, which is traced in no time.
FCN = dict(
    backbone=dict(
        type='ResNetV1c',
        depth=18,
        num_stages=1,
        strides=(1,),
        dilations=(1,),
        out_indices=(0,),
        stem_channels=8,
        base_channels=8,
    ),
    neck=None,
    decode_head=dict(
        type='FCNHead',
        in_channels=8,
        in_index=0,
        channels=8,
        num_convs=0,
        concat_input=False,
        num_classes=5,
    ),
)


def tiny(**options):
    """The model in eval mode; options replace those of its config."""
    torch.manual_seed(0)
    small = dict(
        type='timm',
        model_name='convnext_tiny',
        dims=(8, 16, 24, 32),
        depths=(1, 1, 1, 1),
    )
    cfg = dict(
        type='EncoderDecoder',
        data_preprocessor=dict(
            type='SegDataPreProcessor',
            bgr_to_rgb=False,
            mean=[103.53, 116.28, 123.675],
            std=[57.375, 57.12, 58.395],
        ),
        backbone=dict(type='xnet_mm.PretrainedEncoder', encoder=small),
        neck=dict(type='xnet_mm.PretrainedReversedDecoder', decoder=small),
        decode_head=dict(type='xnet_mm.PFPHead', num_classes=5),
        test_cfg=dict(mode='whole'),
    )
    cfg.update(options)
    return MODELS.build(cfg).eval()


@torch.no_grad()
def logits_of(model, rgb):
    """By MMSegmentation's own steps, of RGB images (B,3,H,W)."""
    data = dict(inputs=[*rgb.flip(1)], data_samples=None)  # they come as BGR
    inputs = model.data_preprocessor(data)['inputs']
    return F.interpolate(
        model(inputs, mode='tensor'), rgb.shape[-2:], mode='bilinear'
    )
