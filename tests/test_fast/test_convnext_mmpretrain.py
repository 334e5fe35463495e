"""MMPretrain's ConvNeXt, fast: the same maps and gradients as its own."""

import pytest
import torch
from mmpretrain.models.backbones.convnext import ConvNeXt, ConvNeXtBlock
from torch import nn

from xnet_mm.fast import accelerate, restore, when
from xnet_mm.fast.accelerate import MMPRETRAIN
from xnet_mm.fast.convnext_mmpretrain import FastMMConvNeXtBlock


def build(**options):
    """A small ConvNeXt whose layer scale says something."""
    torch.manual_seed(0)
    model = ConvNeXt(
        arch=dict(depths=[1, 1, 2, 1], channels=[8, 16, 24, 32]),
        out_indices=(0, 1, 2, 3),
        gap_before_final_norm=False,
        **options,
    )
    for name, parameter in model.named_parameters():
        if any(word in name for word in ('bias', 'gamma', 'beta')):
            nn.init.normal_(parameter, std=0.5)
    model.eval()  # returns None there
    return model


def kinds(model):
    return [type(m) for m in model.modules() if isinstance(m, ConvNeXtBlock)]


def run(model, image):
    with torch.no_grad():
        return model(image)


@pytest.mark.parametrize(
    ('options', 'fast'),
    [
        ({}, True),
        (dict(layer_scale_init_value=0.0), True),
        (dict(linear_pw_conv=False), False),
        (dict(use_grn=True, layer_scale_init_value=0.0), False),
    ],
)
@pytest.mark.parametrize('size', [(64, 96), (70, 101)])
def test_maps_are_those_of_the_library(size, options, fast, monkeypatch):
    monkeypatch.setattr(when, 'PIECE_BYTES', 10_000)
    model, image = build(**options), torch.randn(2, 3, *size)
    wanted, names = run(model, image), {*model.state_dict()}
    accelerate(model)
    block = FastMMConvNeXtBlock if fast else ConvNeXtBlock
    assert kinds(model) == [block] * 5
    for a, b in zip(run(model, image), wanted, strict=True):
        assert a.shape == b.shape
        assert (a - b).abs().max() <= 1e-5 * b.abs().max()
    assert {*model.state_dict()} == names
    assert kinds(restore(model)) == [ConvNeXtBlock] * 5
    for a, b in zip(run(model, image), wanted, strict=True):
        assert torch.equal(a, b)


def test_gradients_are_those_of_the_library():
    model = build().double()
    image = torch.randn(2, 3, 64, 96, dtype=torch.float64)
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


def test_layer_scale_is_multiplied_in():
    model, image = accelerate(build()), torch.randn(1, 3, 64, 96)
    wanted = run(model, image)
    for module in model.modules():
        if isinstance(module, FastMMConvNeXtBlock):
            module.fold_layer_scale()
            assert module.gamma is None
    for switch in (accelerate, restore):
        found = run(switch(model), image)
        for a, b in zip(found, wanted, strict=True):
            assert (a - b).abs().max() <= 1e-5 * b.abs().max()


def test_the_name_that_is_looked_for_is_its_modules():
    assert ConvNeXtBlock.__module__ == MMPRETRAIN
