"""The switch: classes there and back, results within rounding, hooks."""

from copy import deepcopy

import pytest
import torch
from timm.models.swin_transformer import SwinTransformerBlock
from tiny_models import (
    CONVNEXT,
    CONVNEXT_V2,
    DEPTH,
    ESTIMATOR,
    SWIN,
    predict,
    xnet,
)
from torch import nn

from xnet_mm.fast import accelerate, restore
from xnet_mm.fast.accelerate import FAST, PLAIN, count_fast
from xnet_mm.models import PFPHead, PretrainedPyramid

MODELS = {
    'Swin x ConvNeXt': dict(),
    'ConvNeXt x Swin, depth': dict(
        encoder=CONVNEXT, decoder=SWIN, head=DEPTH, segmentor=ESTIMATOR
    ),
    'ConvNeXt x ConvNeXt V2': dict(encoder=CONVNEXT, decoder=CONVNEXT_V2),
    'UPerNet': dict(
        neck=None,
        backbone=dict(
            type='xnet_mm.PretrainedPyramid', encoder=dict(SWIN, type='timm')
        ),
        decode_head=dict(
            type='UPerHead',
            in_channels=[16, 32, 64, 128],
            in_index=[0, 1, 2, 3],
            channels=16,
            num_classes=5,
            dropout_ratio=0.0,
        ),
    ),
}


def build(name):
    options = dict(MODELS[name])
    if name != 'UPerNet':
        return xnet(**options)
    from mmseg.registry import MODELS as REGISTRY

    torch.manual_seed(0)
    return REGISTRY.build(dict(options, type='EncoderDecoder')).eval()


def classes(model):
    return {name: type(module) for name, module in model.named_modules()}


@pytest.mark.parametrize('name', MODELS)
def test_there_and_back(name):
    model = build(name)
    image = torch.randn(2, 3, 64, 96)
    plain, kinds = predict(model, image), classes(model)
    weights = {k: id(v) for k, v in model.state_dict(keep_vars=True).items()}
    assert accelerate(model) is model
    fast = predict(model, image)
    assert count_fast(model) > 0
    assert (fast - plain).abs().max() < 1e-5 * plain.abs().max()
    assert restore(model) is model
    assert classes(model) == kinds
    assert count_fast(model) == 0
    assert torch.equal(predict(model, image), plain)
    found = model.state_dict(keep_vars=True)
    assert {k: id(v) for k, v in found.items()} == weights


@pytest.mark.parametrize('name', MODELS)
def test_gradients_are_those_of_the_plain_model(name):
    model = build(name).double()
    image = torch.randn(2, 3, 64, 96, dtype=torch.float64)
    gradients = []
    for switch in (restore, accelerate):
        switch(model.train())
        for module in model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()  # else the second run finds other statistics
        model.zero_grad()
        model(image, mode='tensor').square().mean().backward()
        gradients.append({n: p.grad for n, p in model.named_parameters()})
    plain, fast = gradients
    for key, wanted in plain.items():
        if wanted is None:
            assert fast[key] is None, key
            continue
        error = (fast[key] - wanted).abs().max()
        assert error <= 1e-8 * wanted.abs().max() + 1e-15, key


def test_twice_is_once():
    model = accelerate(xnet())
    kinds = classes(model)
    assert classes(accelerate(model)) == kinds


def test_a_copy_is_restored_alone():
    model = accelerate(xnet())
    copy = restore(deepcopy(model))
    assert count_fast(copy) == 0
    image = torch.randn(1, 3, 64, 96)
    a, b = predict(copy, image), predict(model, image)
    assert (a - b).abs().max() < 1e-5 * a.abs().max()


def test_subclasses_stay():
    """What a user's subclass changes is not known here."""

    class Mine(PFPHead):
        def forward(self, inputs):
            return super().forward(inputs) + 1

    class MyLinear(nn.Linear):
        pass

    model = nn.ModuleList(
        [
            Mine(num_classes=3, in_channels=[8] * 4, channels=4),
            MyLinear(2, 2),
        ]
    )
    accelerate(model)
    assert type(model[0]) is Mine and type(model[1]) is MyLinear


def test_the_table_only_changes_what_a_module_does():
    """A fast class is a subclass that adds no parameter of its own."""
    assert len(PLAIN) == len(FAST)
    for plain, fast in FAST.items():
        assert issubclass(fast, plain)
        assert fast.__init__ is plain.__init__
        assert fast not in FAST


class _Sharded:
    """Stands for FSDP2's `FSDPModule`."""


def test_blocks_that_fsdp2_has_wrapped():
    """`fully_shard` gives a module a class FSDPX(FSDPModule, X)."""
    block = SwinTransformerBlock(16, (8, 8), num_heads=2, dynamic_mask=True)
    wrapped = type(
        'FSDPSwinTransformerBlock', (_Sharded, SwinTransformerBlock), {'a': 1}
    )
    block.__class__ = wrapped
    accelerate(block)
    fast = FAST[SwinTransformerBlock]
    assert type(block).__bases__ == (_Sharded, fast)
    assert type(block).__name__ == 'FSDPFastSwinTransformerBlock'
    assert block.a == 1
    restore(block)
    assert type(block).__bases__ == (_Sharded, SwinTransformerBlock)


def test_hooks_of_all_layers_with_weights_fire():
    """Whoever watches a layer of an accelerated model is called."""
    model = accelerate(xnet())
    layers = {
        name: module
        for name, module in model.named_modules()
        if module._parameters
        and not [*module.children()]
        and not name.startswith('data_preprocessor')
    }
    seen = set()
    for name, module in layers.items():
        module.register_forward_hook(
            lambda module, args, output, name=name: seen.add(name)
        )
    predict(model, torch.randn(1, 3, 64, 96))
    assert seen == {*layers}


def test_a_pyramid_and_its_base_are_told_apart():
    encoder = PretrainedPyramid(dict(CONVNEXT, type='timm')).eval()
    image = torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        wanted = encoder(image)
        ours = accelerate(encoder)(image)
    assert type(encoder) is FAST[PretrainedPyramid]
    assert len(ours) == len(wanted) == 4
    for a, b in zip(ours, wanted, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
