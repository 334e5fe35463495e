"""Half precision with converted weights: near the exact result."""

import pytest
import torch
import torch.nn.functional as F
from mmseg.models.backbones.swin import ShiftWindowMSA, WindowMSA
from mmseg.registry import MODELS
from needs import COMPILED, FLOAT16_ON_CPU, needs_torch
from tiny_models import (
    CONVNEXT,
    CONVNEXT_V2,
    DEPTH,
    ESTIMATOR,
    SEGMENT,
    SWIN,
    predict,
    xnet,
)
from torch import nn

from xnet_mm.fast import accelerate, prepare_for_inference
from xnet_mm.fast.precision import MISMATCH, Autocast, Half, convert


@pytest.mark.parametrize('dtype', [torch.bfloat16, FLOAT16_ON_CPU])
@pytest.mark.parametrize('decoder', [CONVNEXT, CONVNEXT_V2, SWIN])
def test_ours_is_as_near_as_under_autocast(decoder, dtype):
    model = xnet(decoder, SEGMENT)
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


@COMPILED
def test_converted_weights_can_be_compiled():
    """A view of a converted tensor once kept the precision of its base."""
    model = prepare_for_inference(xnet(CONVNEXT, SEGMENT), torch.bfloat16)
    image = torch.randn(1, 3, 64, 96)
    torch._dynamo.reset()
    compiled = torch.compile(predict, backend='eager', fullgraph=True)
    ours, wanted = compiled(model, image), predict(model, image)
    assert (ours - wanted).norm() < 0.02 * wanted.norm()


def test_depth_stays_in_metres_of_float32():
    model = xnet(CONVNEXT, DEPTH, ESTIMATOR)
    image = torch.randn(1, 3, 64, 96)
    exact = predict(model, image)
    ours = predict(prepare_for_inference(model, torch.bfloat16), image)
    assert ours.dtype == torch.float32
    assert (ours - exact).abs().max() < 0.05 * exact.abs().max()


class MyWindows(ShiftWindowMSA):
    """A user's: as MMSegmentation's, whose masks are fp32."""


class MyAttention(WindowMSA):
    """A user's, unchanged."""


def test_a_backbone_that_makes_fp32_tensors_runs_under_autocast():
    """The bits are autocast's."""
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
    for module in model.modules():
        if isinstance(module, ShiftWindowMSA):
            module.__class__ = MyWindows
            module.w_msa.__class__ = MyAttention
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


class Failing(nn.Module):
    """A segmentor that fails in half precision, each time with `error`."""

    with_neck = False

    def __init__(self, error):
        super().__init__()
        self.backbone, self.decode_head = nn.Conv2d(3, 3, 1), nn.Identity()
        self.error = error

    def extract_feat(self, inputs):
        return self.backbone(inputs)

    def forward(self, inputs, mode='tensor'):
        return self._forward(inputs)

    def _forward(self, inputs):
        x = self.extract_feat(inputs)
        if self.backbone.weight.dtype != torch.float32:
            raise self.error
        return x


@pytest.mark.parametrize(
    'error',
    [
        torch.cuda.OutOfMemoryError('CUDA out of memory. Tried 2 GiB'),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
        RuntimeError('CUDA error: an illegal memory access'),
        ValueError('expected m1 and m2 to have the same dtype'),
    ],
)
def test_other_failures_are_no_reason_for_autocast(error):
    model = Failing(error)
    weight = model.backbone.weight
    with pytest.raises(type(error), match=str(error)[:30]):
        prepare_for_inference(model, torch.bfloat16)
    assert type(model) is Failing
    assert model.backbone.weight is weight


class Large(Failing):
    """Beyond what float16 holds, 65504."""

    def _forward(self, inputs):
        return self.extract_feat(inputs) * 1e5


@needs_torch('2.4', 'float16 on a CPU')
def test_an_overflow_in_float16_is_an_error():
    model = Large(None)
    model.backbone.weight.data.fill_(1.0)
    with pytest.raises(RuntimeError, match='NaN or infinity in float16'):
        prepare_for_inference(model, torch.float16)
    assert type(model) is Large
    prepare_for_inference(model, torch.bfloat16)
    assert model.precision == torch.bfloat16


@pytest.mark.parametrize(
    'call',
    [
        lambda a, h: a @ h,
        F.linear,
        lambda a, h: F.conv2d(a[None, None], h[None, None]),
        lambda a, h: F.scaled_dot_product_attention(a, h, h),
    ],
)
def test_pytorchs_words_for_mixed_precisions(call):
    """The fall-back waits for these; should they change, this fails."""
    a = torch.rand(4, 4)
    with pytest.raises(RuntimeError) as caught:
        call(a, a.bfloat16())
    assert MISMATCH.search(str(caught.value)), caught.value


def test_which_way_it_runs_is_said(monkeypatch):
    model = xnet(CONVNEXT, SEGMENT)
    assert convert(
        accelerate(model), torch.bfloat16, torch.randn(1, 3, 64, 96)
    ) == ('in bfloat16, all weights converted')
