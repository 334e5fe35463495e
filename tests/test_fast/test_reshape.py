"""RS with its norm behind its first layer, and written into a larger map."""

import itertools

import pytest
import torch
from torch import nn

from xnet_mm.fast.reshape import put_rows, reshape_by, rows_around
from xnet_mm.models import ReShape

MODES = ('shuffle', 'bilinear')


def random_reshape(factor=2, **options):
    torch.manual_seed(0)
    reshape = ReShape(6, 5, factor, **options).eval()
    for parameter in reshape.parameters():
        nn.init.normal_(parameter, std=0.5)
    return reshape


@torch.no_grad()
@pytest.mark.parametrize(
    ('norm', 'act', 'upsample'),
    [*itertools.product(('RMSNorm', 'LayerNorm'), ('SiLU', 'GELU'), MODES)],
)
@pytest.mark.parametrize('factor', [1, 2, 4])
def test_it_is_the_plain_map(norm, act, upsample, factor):
    reshape = random_reshape(factor, norm=norm, act=act, upsample=upsample)
    # From tiny to large rows, and one of zeros, which eps is for.
    x = torch.randn(2, 6, 4, 3) * torch.tensor([1e-3, 1, 1e3]).view(3)
    x[0, :, 1, 1] = 0
    before = x.clone()
    wanted = reshape(x)
    last = reshape.project
    found = reshape_by(reshape, x, last.weight, last.bias)
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)
    assert x.equal(before)


@torch.no_grad()
@pytest.mark.parametrize('upsample', MODES)
@pytest.mark.parametrize(('first', 'last'), [(0, 10), (2, 7), (4, 6), (9, 10)])
def test_rows_go_to_their_place_only(upsample, first, last):
    reshape = random_reshape(upsample=upsample)
    x = torch.randn(1, 6, 5, 3)
    whole = torch.full((1, last - first, 6, 9), 7.0).permute(0, 3, 1, 2)
    put_rows(reshape, x, first, whole[:, 2:7])
    wanted = reshape(x)[:, :, first:last]
    torch.testing.assert_close(whole[:, 2:7], wanted, rtol=1e-5, atol=1e-5)
    assert whole[:, :2].eq(7).all() and whole[:, 7:].eq(7).all()


@torch.no_grad()
@pytest.mark.parametrize('name', ['', 'norm', 'expand', 'act', 'project'])
def test_hooks_are_called_with_what_the_plain_path_has(name):
    reshape = random_reshape(upsample='bilinear')
    x = torch.randn(1, 6, 4, 3)
    seen = []
    reshape.get_submodule(name).register_forward_hook(
        lambda module, args, output: seen.append(output.clone())
    )
    wanted = reshape(x)
    (plain,) = seen
    seen.clear()
    out = torch.empty(1, 8, 6, 5).permute(0, 3, 1, 2)
    put_rows(reshape, x, 0, out)
    torch.testing.assert_close(seen[0], plain, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(out, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize('upsample', MODES)
def test_gradients_are_those_of_the_plain_path(upsample):
    reshape = random_reshape(upsample=upsample)
    x = torch.randn(1, 6, 4, 3, requires_grad=True)
    inputs = [x, *reshape.parameters()]
    last = reshape.project
    found = reshape_by(reshape, x, last.weight, last.bias).square().sum()
    wanted = reshape(x).square().sum()
    pairs = zip(
        torch.autograd.grad(found, inputs),
        torch.autograd.grad(wanted, inputs),
        strict=True,
    )
    for ours, theirs in pairs:
        torch.testing.assert_close(ours, theirs)


@torch.no_grad()
def test_half_precision_of_autocast_is_that_of_the_plain_path():
    reshape = random_reshape(upsample='bilinear')
    x = torch.randn(1, 6, 4, 3)
    out = torch.empty(1, 8, 6, 5, dtype=torch.bfloat16).permute(0, 3, 1, 2)
    with torch.autocast('cpu', torch.bfloat16):
        wanted = reshape(x)
        put_rows(reshape, x, 0, out)
    assert wanted.dtype == torch.bfloat16
    torch.testing.assert_close(out, wanted, rtol=2e-2, atol=2e-2)


def test_rows_around_by_hand():
    smooth, blocks = (random_reshape(upsample=mode) for mode in MODES[::-1])
    assert rows_around(blocks, 3, 5, 9) == (3, 5)
    assert rows_around(smooth, 3, 5, 9) == (1, 7)
    assert rows_around(smooth, 1, 8, 9) == (0, 9)
