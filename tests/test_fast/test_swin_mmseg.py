"""MMSegmentation's Swin, fast: the same maps and gradients as its own."""

import pytest
import torch
import torch.nn.functional as F
from mmcv.cnn.bricks.transformer import FFN
from mmseg.models.backbones.swin import ShiftWindowMSA, SwinBlock, WindowMSA
from mmseg.registry import MODELS
from torch import nn

from xnet_mm.fast import accelerate, linear, restore, swin, when
from xnet_mm.fast.swin import KeptBias
from xnet_mm.fast.swin_mmseg import (
    FastShiftWindowMSA,
    FastSwinBlock,
    FusedWindowMSA,
    layers_of,
)

# 7x7 windows: whole; padded; shifted and padded; one window that is wider
# than the map. (At stride 4; at 8, 16 and 32 the maps are other again.)
SIZES = [(224, 224), (64, 96), (100, 130), (20, 24)]


def build(**options):
    """A small Swin whose biases say something."""
    torch.manual_seed(0)
    model = MODELS.build(
        dict(
            type='SwinTransformer',
            embed_dims=24,
            depths=(2, 2, 2, 2),
            num_heads=(1, 2, 3, 6),
            drop_path_rate=0.0,
            **options,
        )
    )
    for name, parameter in model.named_parameters():
        if 'bias' in name:
            nn.init.normal_(parameter, std=0.5)
    model.eval()  # returns None there
    return model


def run(model, image):
    with torch.no_grad():
        return model(image)


@pytest.mark.parametrize('onednn', [False, True])
@pytest.mark.parametrize('size', SIZES)
def test_maps_are_those_of_the_library(size, onednn, monkeypatch):
    monkeypatch.setattr(linear, 'ONEDNN_MACS', 0 if onednn else float('inf'))
    # Pieces of a few rows, the last one shorter.
    monkeypatch.setattr(when, 'PIECE_BYTES', 30_000)
    model, image = build(), torch.randn(2, 3, *size)
    wanted, names = run(model, image), {*model.state_dict()}
    found = run(accelerate(model), image)
    for a, b in zip(found, wanted, strict=True):
        assert a.shape == b.shape
        assert (a - b).abs().max() <= 1e-5 * b.abs().max()
    assert {*model.state_dict()} == names
    restore(model)
    for a, b in zip(run(model, image), wanted, strict=True):
        assert torch.equal(a, b)


def test_what_is_exchanged_and_back():
    model = accelerate(build())
    kinds = [type(m) for m in model.modules()]
    for fast in (FastShiftWindowMSA, FastSwinBlock, FusedWindowMSA):
        assert kinds.count(fast) == 8
    kinds = [type(m) for m in restore(model).modules()]
    for plain in (ShiftWindowMSA, SwinBlock, WindowMSA):
        assert kinds.count(plain) == 8


@pytest.mark.parametrize('size', [(64, 96), (100, 130)])
def test_gradients_are_those_of_the_library(size):
    model = build().double()
    image = torch.randn(2, 3, *size, dtype=torch.float64)
    found = []
    for switch in (restore, accelerate):
        switch(model).train()
        model.zero_grad()
        sum(x.square().sum() for x in model(image)).backward()
        found.append({n: p.grad for n, p in model.named_parameters()})
    wanted, ours = found
    for name, gradient in wanted.items():
        error = (ours[name] - gradient).abs().max()
        assert error <= 1e-8 * gradient.abs().max(), name


@pytest.mark.parametrize('fast', [True, False])
def test_the_bias_is_looked_up_once(fast):
    model, image = accelerate(build()), torch.randn(1, 3, 64, 96)
    wanted = run(model, image)
    for module in model.modules():
        if isinstance(module, KeptBias):
            module.keep_bias()
            # Kept: what it was made of is looked at no more.
            nn.init.zeros_(module.w_msa.relative_position_bias_table)
    if not fast:  # the plain one looks it up again
        restore(model)
    same = [
        torch.equal(a, b)
        for a, b in zip(run(model, image), wanted, strict=True)
    ]
    assert same == [fast] * 4


def test_another_scale_goes_the_librarys_way():
    model, image = build(qk_scale=0.3), torch.randn(1, 3, 64, 96)
    wanted = run(model, image)
    for a, b in zip(run(accelerate(model), image), wanted, strict=True):
        assert (a - b).abs().max() <= 1e-5 * b.abs().max()


@pytest.mark.parametrize(
    ('options', 'known'),
    [
        ({}, True),
        (dict(num_fcs=3), False),
        (dict(act_cfg=dict(type='ReLU')), False),
        (dict(add_identity=False), False),
        (dict(layer_scale_init_value=0.1), False),
    ],
)
def test_which_mlps_are_known(options, known):
    ffn = FFN(8, 16, **{'act_cfg': dict(type='GELU'), **options}).eval()
    layers = layers_of(ffn)
    assert (layers is not None) == known
    if layers is not None:
        x = torch.randn(2, 5, 8)
        assert torch.equal(x + layers(x), ffn(x))


@pytest.mark.parametrize('shift', [(0, 0), (2, 1)])
def test_windows_by_the_librarys_own_steps(shift):
    """Numbers for tokens: pad, roll and partition them in its order."""
    height, width, window = 6, 5, (4, 3)
    to_windows, to_map, _ = swin._windows(
        height, width, window, shift, torch.device('cpu'), pad_first=True
    )
    tokens = torch.arange(height * width).view(height, width)
    padded = F.pad(tokens, (0, 1, 0, 2), value=height * width)
    rolled = padded.roll((-shift[0], -shift[1]), (0, 1))
    wanted = [
        rolled[4 * i : 4 * i + 4, 3 * j : 3 * j + 3].flatten()
        for i in range(2)
        for j in range(2)
    ]
    assert torch.equal(to_windows, torch.cat(wanted))
    assert torch.equal(to_windows[to_map], torch.arange(height * width))
