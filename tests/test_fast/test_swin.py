"""Fast blocks: the same maps and gradients as timm's own."""

import pytest
import timm
import torch
from timm.models.convnext import ConvNeXtBlock
from timm.models.swin_transformer import SwinTransformerBlock
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from xnet_mm.fast import linear as fast_linear
from xnet_mm.fast import mlp as fast_mlp
from xnet_mm.fast.linear import linear
from xnet_mm.fast.swin import (
    FastConvNeXtBlock,
    FastSwinTransformerBlock,
    use_fast_blocks,
)
from xnet_mm.models import PretrainedEncoder

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


def pair(options: dict) -> tuple[nn.Module, nn.Module]:
    """timm's model of random weights and its fast twin."""
    torch.manual_seed(0)
    plain = timm.create_model(**options, num_classes=0).eval()
    with torch.no_grad():
        for name, parameter in plain.named_parameters():
            # Layer scale and GRN start near zero and would hide what they do.
            if any(key in name for key in ('gamma', 'bias', 'grn')):
                parameter.normal_()
    fast = timm.create_model(**options, num_classes=0).eval()
    use_fast_blocks(fast)
    fast.load_state_dict(plain.state_dict())  # strict: same names
    return plain, fast


@pytest.mark.parametrize('onednn', [False, True])
@pytest.mark.parametrize('options', [SWIN, CONVNEXT, CONVNEXT_V2])
@pytest.mark.parametrize('size', [(64, 64), (224, 224), (72, 136)])
def test_maps_equal_timms(
    options: dict,
    size: tuple[int, int],
    onednn: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        fast_linear, 'ONEDNN_MACS', 0 if onednn else float('inf')
    )
    # Pieces of a few rows, the last one shorter.
    monkeypatch.setattr(fast_mlp, 'PIECE_BYTES', 100_000)
    plain, fast = pair(options)
    image = torch.rand(2, 3, *size)
    with torch.no_grad():
        theirs = plain.forward_intermediates(image, intermediates_only=True)
        ours = fast.forward_intermediates(image, intermediates_only=True)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize('has_bias', [False, True])
@pytest.mark.parametrize('macs', [0, float('inf')])
def test_linear_by_hand(
    has_bias: bool, macs: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fast_linear, 'ONEDNN_MACS', macs)
    torch.manual_seed(0)
    x, weight = torch.randn(7, 33, 20), torch.randn(13, 20)
    bias = torch.randn(13) if has_bias else None
    wanted = x.double() @ weight.double().mT
    wanted = wanted + bias if has_bias else wanted
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        ours = linear(x, weight, bias)
    torch.testing.assert_close(ours, wanted.float(), rtol=1e-5, atol=1e-5)
    assert counter.get_total_flops() == 2 * 7 * 33 * 20 * 13


def test_hooks_of_an_mlp_are_called() -> None:
    _, fast = pair(CONVNEXT)
    seen = []
    for module in fast.modules():
        if isinstance(module, nn.Linear):
            module.register_forward_hook(lambda m, a, o: seen.append(m))
    with torch.no_grad():
        fast(torch.rand(1, 3, 64, 64))
    assert len(seen) == 2 * sum(CONVNEXT['depths'])


def test_blocks_are_swapped() -> None:
    for options, kind in (
        (SWIN, FastSwinTransformerBlock),
        (CONVNEXT, FastConvNeXtBlock),
        (CONVNEXT_V2, FastConvNeXtBlock),
    ):
        _, fast = pair(options)
        blocks = [
            m
            for m in fast.modules()
            if isinstance(m, (SwinTransformerBlock, ConvNeXtBlock))
        ]
        assert blocks and all(type(b) is kind for b in blocks)


@pytest.mark.parametrize('options', [SWIN, CONVNEXT])
def test_gradients_equal_timms(options: dict) -> None:
    plain, fast = pair(options)
    image = torch.rand(2, 3, 64, 96, dtype=torch.float64)
    for model in (plain, fast):
        model.train().double()
        model(image).square().sum().backward()
    theirs = dict(plain.named_parameters())
    for name, parameter in fast.named_parameters():
        wanted = theirs[name].grad
        assert (parameter.grad - wanted).abs().max() <= (
            1e-8 * wanted.abs().max()
        )


@pytest.mark.parametrize('options', [SWIN, CONVNEXT, CONVNEXT_V2])
def test_half_precision_stays_near(
    options: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    """bfloat16 has 8 bits: within 3 % of the largest value, in pieces too."""
    monkeypatch.setattr(fast_mlp, 'PIECE_BYTES', 10_000)
    plain, fast = pair(options)
    image = torch.rand(2, 3, 64, 96)
    with torch.no_grad():
        exact = plain.forward_features(image)
        with torch.autocast('cpu', torch.bfloat16):
            theirs = plain.forward_features(image)
            ours = fast.forward_features(image)
    assert ours.dtype == theirs.dtype
    assert (ours - exact).abs().max() < 0.03 * exact.abs().max()


def test_stochastic_depth_also_without_gradients() -> None:
    """A model in training drops paths, with or without a graph."""
    torch.manual_seed(0)
    fast = timm.create_model(**CONVNEXT, drop_path_rate=0.9, num_classes=0)
    use_fast_blocks(fast)
    with torch.no_grad():
        for name, parameter in fast.named_parameters():
            if 'gamma' in name:
                parameter.fill_(1.0)
        image = torch.rand(1, 3, 64, 64)
        first = fast.train()(image)
        assert not all(torch.equal(fast(image), first) for _ in range(5))


def test_built_without_gradients_is_not_frozen() -> None:
    """What a probe without a graph sees would be "depends on nothing"."""
    with torch.no_grad():
        encoder = PretrainedEncoder(dict(CONVNEXT, type='timm'))
    trained = {n for n, p in encoder.named_parameters() if p.requires_grad}
    assert 'encoder.stages_3.blocks.0.mlp.fc1.weight' in trained or (
        'encoder.stages.3.blocks.0.mlp.fc1.weight' in trained
    )
