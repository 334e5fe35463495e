"""Small timm models, and segmentors of our boxes on them, for tests."""

import timm
import torch
from mmseg.registry import MODELS
from torch import Tensor, nn

SWIN = dict(
    model_name='swin_tiny_patch4_window7_224',
    embed_dim=16,
    depths=(2, 2, 2, 2),
    num_heads=(1, 2, 4, 8),
    drop_path_rate=0.0,
    strict_img_size=False,
)
CONVNEXT = dict(
    model_name='convnext_tiny', dims=(8, 16, 24, 32), depths=(1, 1, 2, 1)
)
CONVNEXT_V2 = dict(CONVNEXT, model_name='convnextv2_tiny')
SEGMENT = dict(type='xnet_mm.PFPHead', num_classes=11)
DEPTH = dict(type='xnet_mm.PFPDepthHead', max_depth=10.0)
ESTIMATOR = 'xnet_mm.MonoDepthEstimator'


def timm_model(options: dict) -> nn.Module:
    """A timm model of random weights, in eval mode.

    Layer scale and GRN start near zero and would hide what they do.
    """
    torch.manual_seed(0)
    model = timm.create_model(**options, num_classes=0).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if any(key in name for key in ('gamma', 'bias', 'grn')):
                parameter.normal_()
    return model


def xnet(
    decoder: dict = CONVNEXT,
    head: dict = SEGMENT,
    segmentor: str = 'EncoderDecoder',
    encoder: dict = SWIN,
    **options: object,
) -> nn.Module:
    """A small xNet of random weights, in eval mode."""
    torch.manual_seed(0)
    model = MODELS.build(
        dict(
            type=segmentor,
            data_preprocessor=dict(
                type='SegDataPreProcessor', mean=[123.675] * 3, std=[58.3] * 3
            ),
            backbone=dict(
                type='xnet_mm.PretrainedEncoder',
                encoder=dict(encoder, type='timm'),
            ),
            neck=dict(
                type='xnet_mm.PretrainedReversedDecoder',
                decoder=dict(decoder, type='timm'),
                mix_init='random',
            ),
            decode_head=dict(head, pyramid_channels=16, channels=8),
            **options,
        )
    ).eval()
    for name, parameter in model.named_parameters():
        if any(key in name for key in ('gamma', 'grn', 'bias')):
            nn.init.normal_(parameter, std=0.3)
    return model


def predict(model: nn.Module, image: Tensor) -> Tensor:
    """Logits or metres (B,K,H,W) of images (B,3,H,W)."""
    meta = dict.fromkeys(('img_shape', 'ori_shape'), tuple(image.shape[-2:]))
    with torch.no_grad():
        return model.encode_decode(image, [meta] * len(image))
