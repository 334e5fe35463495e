"""FPNDecoder against formulas of its own, and its contracts."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from reference import reshape
from tiny_boxes import SWIN, assembled
from torch.testing import assert_close

from xnet_mm.models import FPNDecoder

TINY = dict(
    type='timm',
    model_name='convnext_atto',
    depths=(1, 2, 1, 1),
    dims=(8, 12, 16, 24),
    ls_init_value=0.5,  # a block that shows
)
WIDTHS = [5, 6, 7, 9]
SIZES = [(24, 32), (12, 16), (6, 8), (3, 4)]  # strides 4, 8, 16, 32
ODD = [(23, 33), (11, 17), (6, 9), (3, 5)]


def maps_of(sizes, widths=WIDTHS):
    return [
        torch.randn(2, c, *size) for c, size in zip(widths, sizes, strict=True)
    ]


def block(x, p):
    """A ConvNeXt block in the words of its paper (Liu et al. 2022)."""
    y = F.conv2d(
        x, p['conv_dw.weight'], p['conv_dw.bias'], padding=3, groups=x.shape[1]
    )
    mean = y.mean(1, keepdim=True)
    variance = ((y - mean) ** 2).mean(1, keepdim=True)
    y = (y - mean) / (variance + 1e-6).sqrt()
    y = y * p['norm.weight'][:, None, None] + p['norm.bias'][:, None, None]
    for layer in ('fc1', 'fc2'):
        weight = p[f'mlp.{layer}.weight'].flatten(1)
        y = torch.einsum('oc,bchw->bohw', weight, y)
        y = y + p[f'mlp.{layer}.bias'][:, None, None]
        if layer == 'fc1':
            y = y * (1 + torch.erf(y / 2**0.5)) / 2  # GELU
    return x + p['gamma'][:, None, None] * y


def stage(x, p):
    indices = sorted({k.split('.')[0] for k in p})
    for i in indices:
        x = block(
            x, {k[len(i) + 1 :]: v for k, v in p.items() if k[: len(i)] == i}
        )
    return x


def up(x, p):
    p = {k: v.numpy() for k, v in p.items()}
    return torch.from_numpy(
        np.stack([reshape(one, p, 2) for one in x.numpy()])
    ).float()


def part(state, prefix):
    return {
        k.removeprefix(prefix): v
        for k, v in state.items()
        if k.startswith(prefix)
    }


@pytest.mark.parametrize('sizes', [SIZES, ODD], ids=['even', 'odd'])
def test_is_equation_2(sizes):
    torch.manual_seed(0)
    neck = FPNDecoder(TINY, in_channels=WIDTHS).eval()
    state = neck.state_dict()
    for tensor in state.values():
        tensor.add_(torch.randn_like(tensor) * 0.1)  # no default is kept
    maps = maps_of(sizes)
    with torch.no_grad():
        (ours,) = neck(maps)

    decoded = None
    for i, encoded in enumerate(reversed(maps)):
        link = part(state, f'links.{i}.')
        x = torch.einsum('oc,bchw->bohw', link['weight'][..., 0, 0], encoded)
        x = x + link['bias'][:, None, None]
        if decoded is not None:
            higher = up(decoded, part(state, f'upsamples.{i - 1}.'))
            x = x + F.interpolate(higher, encoded.shape[-2:], mode='bilinear')
        decoded = stage(x, part(state, f'stages.{i}.0.blocks.'))
    assert ours.shape == (2, 8, *sizes[0])
    assert_close(ours, decoded, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize('config', [TINY, SWIN], ids=['convnext', 'swin'])
@pytest.mark.parametrize('with_cp', [False, True])
def test_every_parameter_gets_a_gradient(config, with_cp):
    torch.manual_seed(0)
    neck = FPNDecoder(config, in_channels=WIDTHS, with_cp=with_cp)
    (x,) = neck(maps_of(ODD))
    (x * torch.randn_like(x)).sum().backward()
    for name, parameter in neck.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


def test_swin_runs_channels_last():
    """Its blocks, layer by layer, on (B,H,W,C)."""
    torch.manual_seed(0)
    neck = FPNDecoder(SWIN, in_channels=WIDTHS).eval()
    maps = maps_of(ODD)
    with torch.no_grad():
        (ours,) = neck(maps)
        x = 0
        for i, encoded in enumerate(reversed(maps)):
            if i:
                x = neck.upsamples[i - 1](x)
                x = F.interpolate(x, encoded.shape[-2:], mode='bilinear')
            x = (x + neck.links[i](encoded)).permute(0, 2, 3, 1)
            for one in neck.stages[i][0].blocks:
                x = one(x)
            x = x.permute(0, 3, 1, 2)
    assert_close(ours, x)


def test_takes_over_and_hands_over():
    model = assembled(
        dict(
            type='xnet_mm.PretrainedEncoder', encoder='resnet18', pyramid=True
        ),
        dict(type='xnet_mm.FPNDecoder', decoder=TINY),
    ).eval()
    encoder, neck = model.backbone, model.neck
    assert neck.in_channels == [64, 128, 256, 512]
    assert (neck.out_channels, neck.out_strides) == ([8], [4])
    inputs = encoder(torch.rand(1, 3, 70, 90))
    (x,) = neck(inputs)
    assert x.shape == (1, 8, 18, 23)
    # The image that comes along is not looked at.
    assert torch.equal(x, neck(inputs[1:])[0])


@pytest.mark.parametrize(
    ('encoder', 'got'),
    [
        (dict(encoder='resnet18'), r'widths \[512\] and strides \[32\]'),
        (
            dict(encoder='vit_tiny_patch16_224', pyramid=True),
            r'strides \[16, 16, 16, 16\]',
        ),
    ],
    ids=['one map', 'one stride'],
)
def test_encoders_without_a_pyramid_are_told_what_to_set(encoder, got):
    backbone = dict(type='xnet_mm.PretrainedEncoder', **encoder)
    neck = dict(type='xnet_mm.FPNDecoder', decoder=TINY)
    with pytest.raises(ValueError, match=f'{got}; .* set pyramid=True'):
        assembled(backbone, neck)


@pytest.mark.parametrize(
    'name', ['resnet18', 'tf_efficientnet_lite0', 'hgnetv2_b0']
)
def test_other_families_are_told_which_can(name):
    with pytest.raises(
        ValueError, match=f'cannot take {name}: .*What can: ConvNeXt, '
    ):
        FPNDecoder(name, in_channels=WIDTHS)


def test_maps_of_other_widths_are_named():
    neck = FPNDecoder(TINY, in_channels=WIDTHS)
    with pytest.raises(
        ValueError, match=r'got .*\(2, 8, 3, 4\); wanted .* \[5, 6, 7, 9\]'
    ):
        neck(maps_of(SIZES, [5, 6, 7, 8]))
