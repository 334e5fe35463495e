"""Encoders that take the image channels-last: the same maps."""

import pytest
import torch
from tiny_models import CONVNEXT

from xnet_mm.fast import accelerate
from xnet_mm.fast.encoder import FastEncoder, FastPyramid
from xnet_mm.models import PretrainedEncoder, PretrainedPyramid


@pytest.mark.parametrize(
    ('kind', 'fast'),
    [(PretrainedEncoder, FastEncoder), (PretrainedPyramid, FastPyramid)],
)
@torch.no_grad()
def test_same_maps_in_another_layout(kind, fast):
    encoder = kind(dict(CONVNEXT, type='timm')).eval()
    image = torch.randn(2, 3, 64, 96)
    wanted = encoder(image)
    ours = accelerate(encoder)(image)
    assert type(encoder) is fast
    assert len(ours) == len(wanted) == (2 if kind is PretrainedEncoder else 4)
    for a, b in zip(ours, wanted, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
    layout = torch.channels_last
    assert all(a.is_contiguous(memory_format=layout) for a in ours)
    if kind is PretrainedEncoder:
        assert not wanted[0].is_contiguous(memory_format=layout)
