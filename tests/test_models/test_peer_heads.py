"""Peers' heads on a pyramid: a formula by hand, sizes, every weight learns."""

import pytest
import torch
import torch.nn.functional as F

from xnet_mm.models import DPTPyramidHead, LinearDepthHead, LinearHead

WIDTHS = [6, 10, 12, 20]
CLASSES = 5


def pyramid(height=70, width=100):
    return [
        torch.randn(2, c, -(-height // s), -(-width // s))
        for c, s in zip(WIDTHS, (4, 8, 16, 32), strict=True)
    ]


def test_a_linear_probe_by_the_formula():
    torch.manual_seed(0)
    head = LinearHead(WIDTHS, num_classes=CLASSES).eval()
    torch.nn.init.normal_(head.conv_seg.weight)
    maps = pyramid()
    # Each map by its own part of the matrix, then to one size: a linear
    # layer and bilinear up-sampling change places.
    wanted = head.conv_seg.bias[:, None, None]
    parts = head.conv_seg.weight.split(WIDTHS, dim=1)
    for part, x in zip(parts, maps, strict=True):
        x = F.conv2d(x, part)
        wanted = wanted + F.interpolate(x, size=(18, 25), mode='bilinear')
    torch.testing.assert_close(head(maps), wanted, rtol=1e-4, atol=1e-4)
    assert sum(p.numel() for p in head.parameters()) == 48 * 5 + 5


@pytest.mark.parametrize('size', [(64, 96), (70, 100)])
def test_dpt_on_a_pyramid(size):
    head = DPTPyramidHead(WIDTHS, channels=8, num_classes=CLASSES)
    maps = pyramid(*size)
    logits = head(maps)
    height, width = maps[0].shape[-2:]
    assert logits.shape == (2, CLASSES, 2 * height, 2 * width)
    logits.square().sum().backward()
    silent = [n for n, p in head.named_parameters() if p.grad is None]
    assert silent == []


def test_a_linear_probe_for_depth_stays_within_its_range():
    head = LinearDepthHead(in_channels=WIDTHS, max_depth=10.0).eval()
    torch.nn.init.normal_(head.conv_seg.weight, std=10)
    depth = head(pyramid())
    assert depth.shape == (2, 1, 18, 25)
    assert 0 < depth.min() < 1 < 9 < depth.max() <= 10


@pytest.mark.parametrize('kind', [LinearHead, DPTPyramidHead])
def test_widths_that_are_none(kind):
    with pytest.raises(ValueError, match=rf'{kind.__name__}: in_channels'):
        kind([6, 0], num_classes=CLASSES)
