"""ConvNeXt's fast blocks: the same maps and gradients as timm's own."""

import pytest
import timm
import torch
from timm.models.convnext import ConvNeXtBlock
from tiny_models import CONVNEXT, CONVNEXT_V2
from torch import nn
from twins import check_gradients, check_half_precision, check_maps, pair

from xnet_mm.fast import accelerate, linear, when
from xnet_mm.fast.convnext import (
    FastConvNeXtBlock,
    PatchConv2d,
    takes_patches,
)


@pytest.mark.parametrize('onednn', [False, True])
@pytest.mark.parametrize('options', [CONVNEXT, CONVNEXT_V2])
@pytest.mark.parametrize('size', [(64, 64), (224, 224), (72, 136)])
def test_maps_equal_timms(options, size, onednn, monkeypatch):
    monkeypatch.setattr(linear, 'ONEDNN_MACS', 0 if onednn else float('inf'))
    # Pieces of a few rows, the last one shorter.
    monkeypatch.setattr(when, 'PIECE_BYTES', 100_000)
    check_maps(options, size)


@pytest.mark.parametrize('options', [CONVNEXT, CONVNEXT_V2])
def test_gradients_equal_timms(options):
    check_gradients(options)


@pytest.mark.parametrize('options', [CONVNEXT, CONVNEXT_V2])
def test_half_precision_stays_near(options, monkeypatch):
    monkeypatch.setattr(when, 'PIECE_BYTES', 10_000)
    check_half_precision(options)


@pytest.mark.parametrize('options', [CONVNEXT, CONVNEXT_V2])
def test_blocks_are_exchanged(options):
    _, fast = pair(options)
    blocks = [m for m in fast.modules() if isinstance(m, ConvNeXtBlock)]
    assert len(blocks) == sum(CONVNEXT['depths'])
    assert {type(b) for b in blocks} == {FastConvNeXtBlock}


def test_hooks_of_an_mlp_are_called():
    _, fast = pair(CONVNEXT)
    seen = []
    for module in fast.modules():
        if isinstance(module, nn.Linear):
            module.register_forward_hook(lambda m, a, o: seen.append(m))
    with torch.no_grad():
        fast(torch.rand(1, 3, 64, 64))
    assert len(seen) == 2 * sum(CONVNEXT['depths'])


def test_layer_scale_is_folded_without_touching_the_old_weights():
    _, fast = pair(CONVNEXT)
    image = torch.rand(1, 3, 64, 96)
    held = {name: p for name, p in fast.named_parameters()}
    copies = {name: p.clone() for name, p in held.items()}
    with torch.no_grad():
        wanted = fast(image)
        for module in fast.modules():
            if isinstance(module, FastConvNeXtBlock):
                module.fold_layer_scale()
                assert module.gamma is None
        torch.testing.assert_close(fast(image), wanted, rtol=1e-4, atol=1e-5)
    assert all(torch.equal(held[name], copies[name]) for name in held)


def test_stochastic_depth_also_without_gradients():
    """A model in training drops paths, with or without a graph."""
    torch.manual_seed(0)
    fast = timm.create_model(**CONVNEXT, drop_path_rate=0.9, num_classes=0)
    accelerate(fast)
    with torch.no_grad():
        for name, parameter in fast.named_parameters():
            if 'gamma' in name:
                parameter.fill_(1.0)
        image = torch.rand(1, 3, 64, 64)
        first = fast.train()(image)
        assert not all(torch.equal(fast(image), first) for _ in range(5))


@pytest.mark.parametrize('padding', [0, 'valid'])
@torch.no_grad()
def test_patches(padding, monkeypatch):
    monkeypatch.setattr(when, 'on_gpu', lambda x: True)
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    plain = nn.Conv2d(3, 10, (4, 2), (4, 2), padding).to(device)
    fast = nn.Sequential(plain)
    # The last rows and columns fill no patch.
    x = torch.randn(2, 3, 18, 13, device=device)
    wanted = plain(x)
    accelerate(fast)
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
    assert not takes_patches(plain[0])
    accelerate(plain)
    assert type(plain[0]) is nn.Conv2d
