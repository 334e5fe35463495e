"""Half precision with converted weights: near the exact result."""

import pytest
import torch
from mmseg.registry import MODELS
from test_models.test_fast_blocks import CONVNEXT, CONVNEXT_V2, SWIN
from torch import nn

from xnet_mm.fast import prepare_for_inference
from xnet_mm.fast.precision import Autocast, Half


def build(
    decoder: dict,
    head: dict,
    segmentor: str = 'EncoderDecoder',
    encoder: dict = SWIN,
):
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
        )
    ).eval()
    for name, parameter in model.named_parameters():
        if any(key in name for key in ('gamma', 'grn', 'bias')):
            nn.init.normal_(parameter, std=0.3)
    return model


def predict(model: nn.Module, image: torch.Tensor) -> torch.Tensor:
    meta = dict.fromkeys(('img_shape', 'ori_shape'), tuple(image.shape[-2:]))
    with torch.no_grad():
        return model.encode_decode(image, [meta] * len(image))


SEGMENT = dict(type='xnet_mm.PFPHead', num_classes=11)
DEPTH = dict(type='xnet_mm.PFPDepthHead', max_depth=10.0)


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
@pytest.mark.parametrize('decoder', [CONVNEXT, CONVNEXT_V2, SWIN])
def test_ours_is_as_near_as_under_autocast(decoder, dtype):
    model = build(decoder, SEGMENT)
    image = torch.randn(2, 3, 64, 96)
    exact = predict(model, image)
    with torch.autocast('cpu', dtype):
        theirs = predict(model, image)
    assert prepare_for_inference(model, dtype) is model
    assert isinstance(model, Half)
    ours = predict(model, image)
    assert ours.dtype == dtype
    error = (ours.float() - exact).norm()
    assert error < 0.03 * exact.norm()
    assert error < 1.5 * (theirs.float() - exact).norm()
    assert model.data_preprocessor.mean.dtype == torch.float32


def test_converted_weights_can_be_compiled():
    """A view of a converted tensor once kept the precision of its base."""
    model = prepare_for_inference(build(CONVNEXT, SEGMENT), torch.bfloat16)
    image = torch.randn(1, 3, 64, 96)
    torch._dynamo.reset()
    compiled = torch.compile(predict, backend='eager', fullgraph=True)
    ours, wanted = compiled(model, image), predict(model, image)
    assert (ours - wanted).norm() < 0.02 * wanted.norm()


def test_depth_stays_in_metres_of_float32():
    model = build(CONVNEXT, DEPTH, 'xnet_mm.MonoDepthEstimator')
    image = torch.randn(1, 3, 64, 96)
    exact = predict(model, image)
    ours = predict(prepare_for_inference(model, torch.bfloat16), image)
    assert ours.dtype == torch.float32
    assert (ours - exact).abs().max() < 0.05 * exact.abs().max()


def test_a_backbone_that_makes_fp32_tensors_runs_under_autocast():
    """MMSegmentation's Swin: its masks are fp32. The bits are autocast's."""
    model = MODELS.build(
        dict(
            type='EncoderDecoder',
            backbone=dict(
                type='SwinTransformer',
                embed_dims=24,
                depths=(2, 1, 1, 1),
                num_heads=(1, 2, 4, 8),
                out_indices=(0, 1, 2, 3),
            ),
            decode_head=dict(
                type='UPerHead',
                in_channels=[24, 48, 96, 192],
                in_index=[0, 1, 2, 3],
                channels=16,
                num_classes=5,
            ),
        )
    )
    prepare_for_inference(model)
    image = torch.randn(1, 3, 64, 96)
    with torch.autocast('cpu', torch.bfloat16):
        wanted = predict(model, image)
    prepare_for_inference(model, torch.bfloat16)
    assert isinstance(model, Autocast)
    assert model.backbone.stages[0].blocks[0].norm1.weight.dtype == (
        torch.float32
    )
    assert torch.equal(predict(model, image), wanted)
    with torch.no_grad(), torch.autocast('cpu', torch.bfloat16):
        inside = model(image, mode='tensor')
    with torch.no_grad():
        assert torch.equal(model(image, mode='tensor'), inside)
