"""Kernels for GPUs: PyTorch's own results. Without a GPU Triton interprets."""

import pytest
import timm
import torch
import torch.nn.functional as F
from needs import needs_torch
from timm.models.swin_transformer import SwinTransformerBlock
from tiny_models import CONVNEXT, CONVNEXT_V2, SWIN
from torch import nn

from xnet_mm.fast import accelerate, when
from xnet_mm.fast.precision import _put_taps_first

kernels = pytest.importorskip('xnet_mm.fast.kernel_calls')
pytestmark = needs_torch('2.4', 'Triton kernels')
DEVICE = 'cuda' if torch.cuda.is_available() else 'cpu'


@pytest.fixture(autouse=True)
def full_precision():
    torch.manual_seed(0)
    with torch.no_grad():
        yield


def randn(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, device=DEVICE)


@pytest.mark.parametrize('taps_first', [False, True])
@pytest.mark.parametrize(
    ('size', 'channels'),
    [((8, 16), 64), ((11, 13), 130), ((3, 2), 24), ((17, 33), 8)],
)
def test_depthwise(size, channels, taps_first):
    convolution = nn.Conv2d(channels, channels, 7, 1, 3, groups=channels)
    convolution.to(DEVICE)
    wanted_of = nn.Conv2d.forward
    if taps_first:
        before = convolution.weight.clone()
        _put_taps_first(convolution)
        assert convolution.weight.equal(before)
    x = randn(1, *size, channels)
    weight, bias = convolution.weight, convolution.bias
    ours = kernels.depthwise_conv7(x, weight, bias)
    wanted = wanted_of(convolution.double(), x.permute(0, 3, 1, 2).double())
    torch.testing.assert_close(
        ours.permute(0, 3, 1, 2), wanted.float(), rtol=1e-5, atol=1e-5
    )


def test_depthwise_of_a_view():
    """It is brought in order first."""
    x = randn(1, 20, 12, 9).permute(0, 3, 2, 1)
    weight, bias = randn(20, 1, 7, 7), randn(20)
    ours = kernels.depthwise_conv7(x, weight, bias)
    wanted = F.conv2d(
        x.permute(0, 3, 1, 2).double(),
        weight.double(),
        bias.double(),
        padding=3,
        groups=20,
    )
    torch.testing.assert_close(
        ours.permute(0, 3, 1, 2), wanted.float(), rtol=1e-5, atol=1e-4
    )


@pytest.mark.parametrize(
    ('window', 'shift', 'size'),
    [
        (7, 0, (14, 14)),
        (7, 3, (14, 21)),
        (7, 3, (16, 18)),  # padded
        (12, 6, (16, 24)),
        (12, 6, (4, 6)),  # smaller than a window, and than the shift
        (4, 2, (10, 9)),
    ],
)
def test_window_attention(window, shift, size):
    block = SwinTransformerBlock(
        dim=64,
        input_resolution=(48, 48),
        num_heads=2,
        window_size=window,
        shift_size=shift,
        dynamic_mask=True,
    ).to(DEVICE)
    for parameter in block.parameters():
        nn.init.normal_(parameter, std=0.2)
    x = randn(2, *size, 64)
    wanted = block.double()._attn(x.double())
    attention = block.float().attn
    area = window**2
    bias = attention._get_rel_pos_bias().view(2, area, area)
    ours = attention.proj(
        kernels.window_attention(
            attention.qkv(x),
            attention.qkv.bias,
            bias,
            block.window_size,
            block.shift_size,
        )
    )
    torch.testing.assert_close(ours, wanted.float(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize('options', [SWIN, CONVNEXT, CONVNEXT_V2])
@pytest.mark.parametrize('size', [(64, 64), (40, 72)])
def test_whole_models_equal_timms(options, size, monkeypatch):
    options = dict(options)
    if 'embed_dim' in options:
        options['num_heads'] = (1, 1, 2, 4)  # heads of 16 and 32 channels
    plain = timm.create_model(**options, num_classes=0).to(DEVICE).eval()
    for name, parameter in plain.named_parameters():
        if any(key in name for key in ('gamma', 'bias', 'grn')):
            parameter.normal_()
    fast = timm.create_model(**options, num_classes=0).to(DEVICE).eval()
    accelerate(fast)
    fast.load_state_dict(plain.state_dict())
    called = []
    for name in ('depthwise_conv7', 'window_attention'):
        real = getattr(kernels, name)
        monkeypatch.setattr(
            kernels, name, lambda *a, real=real: called.append(1) or real(*a)
        )
    monkeypatch.setattr(when, 'on_gpu', lambda x: True)
    image = torch.rand(1, 3, *size, device=DEVICE)
    theirs = plain.forward_intermediates(image, intermediates_only=True)
    ours = fast.forward_intermediates(image, intermediates_only=True)
    assert len(called) == sum(options['depths'])
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)
