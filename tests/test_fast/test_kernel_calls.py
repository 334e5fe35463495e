"""Kernels for GPUs: PyTorch's own results. Without a GPU Triton interprets."""

import pytest
import timm
import torch
import torch.nn.functional as F
from test_models.test_fast_blocks import CONVNEXT, CONVNEXT_V2, SWIN
from timm.layers import GlobalResponseNormMlp, Mlp
from timm.models.swin_transformer import SwinTransformerBlock
from torch import nn

from xnet_mm.fast import swin as fast_blocks
from xnet_mm.fast.mlp import run_mlp
from xnet_mm.fast.precision import _put_taps_first
from xnet_mm.fast.swin import PatchConv2d, use_fast_blocks

kernels = pytest.importorskip('xnet_mm.fast.kernels')
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
    use_fast_blocks(fast)
    fast.load_state_dict(plain.state_dict())
    called = []
    for name in ('depthwise_conv7', 'window_attention'):
        real = getattr(kernels, name)
        monkeypatch.setattr(
            kernels, name, lambda *a, real=real: called.append(1) or real(*a)
        )
    monkeypatch.setattr(fast_blocks, 'on_gpu', lambda x: True)
    image = torch.rand(1, 3, *size, device=DEVICE)
    theirs = plain.forward_intermediates(image, intermediates_only=True)
    ours = fast.forward_intermediates(image, intermediates_only=True)
    assert len(called) == sum(options['depths'])
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize('padding', [0, 'valid'])
def test_patches(padding, monkeypatch):
    monkeypatch.setattr(fast_blocks, 'on_gpu', lambda x: True)
    plain = nn.Conv2d(3, 10, (4, 2), (4, 2), padding).to(DEVICE)
    fast = nn.Sequential(plain)
    x = randn(2, 3, 18, 13)  # the last rows and columns fill no patch
    wanted = plain(x)
    use_fast_blocks(fast)
    assert type(plain) is PatchConv2d
    torch.testing.assert_close(fast(x), wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    'options',
    [
        dict(kernel_size=4, stride=2),
        dict(kernel_size=4, stride=4, padding=1),
        dict(kernel_size=2, stride=2, dilation=2),
        dict(kernel_size=1, stride=1),
        dict(kernel_size=2, stride=2, groups=3),
    ],
)
def test_other_convolutions_stay(options):
    plain = nn.Sequential(nn.Conv2d(3, 6, **options))
    use_fast_blocks(plain)
    assert type(plain[0]) is nn.Conv2d


@pytest.mark.parametrize('kind', [Mlp, GlobalResponseNormMlp])
def test_mlp_in_half_precision(kind):
    """No farther from the exact result than twice what rounding costs."""
    mlp = kind(48, 96).to(DEVICE)
    for parameter in mlp.parameters():
        nn.init.normal_(parameter, std=0.3)
    x = randn(2, 6, 7, 48)
    exact = mlp.double()(x.double())
    mlp = mlp.to(torch.bfloat16)
    plain = mlp(x.bfloat16())
    ours = run_mlp(mlp, x.bfloat16())
    assert ours.dtype == plain.dtype == torch.bfloat16
    error = (ours - exact).norm()
    assert error < 0.02 * exact.norm()
    assert error < 2 * (plain - exact).norm()


def test_tanh_form_of_gelu_is_near():
    """What `run_mlp` says of it, on all that bfloat16 can tell apart."""
    x = torch.linspace(-9, 9, 2**16, dtype=torch.float64)
    off = F.gelu(x, approximate='tanh') - F.gelu(x)
    assert off.abs().max() < 5e-4
