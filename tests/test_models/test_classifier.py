"""Classifiers: built by name or config, of any size, norms taken apart."""

import pytest
import timm
import torch
from timm.layers.norm_act import BatchNormAct2d
from tiny_boxes import DINOV2, RESNET, SWIN
from torch import nn
from torch.testing import assert_close

from xnet_mm.models.classifier import (
    build_classifier,
    is_registered,
    split_batch_norm_act,
)


def test_where_a_config_comes_from():
    assert not is_registered('resnet18')
    assert not is_registered(dict(type='timm', model_name='resnet18'))
    assert is_registered(dict(type='mmpretrain.ResNet', depth=18))


def test_built_by_name_with_options_and_defaults():
    name, model = build_classifier('resnet10t')
    assert name == 'resnet10t'
    assert type(model) is timm.models.ResNet
    assert model.num_classes == 1000
    _, model = build_classifier('resnet10t', num_classes=7)
    assert model.num_classes == 7
    config = dict(type='timm', model_name='resnet10t', num_classes=3)
    name, model = build_classifier(config, num_classes=7)
    assert name == 'resnet10t'
    assert model.num_classes == 3  # the config's own goes first
    assert config == dict(type='timm', model_name='resnet10t', num_classes=3)


def test_built_by_a_registry():
    name, model = build_classifier(RESNET)
    assert name == 'ResNetV1c'
    assert type(model).__name__ == 'ResNetV1c'


def test_unknown_names_come_with_close_ones():
    with pytest.raises(ValueError, match=r'no model resnet18b; it knows .*re'):
        build_classifier('resnet18b')
    with pytest.raises(ValueError, match=r'knows no model qqqqq$'):
        build_classifier('qqqqq')


@pytest.mark.parametrize(
    'config', [None, '', {}, 5, dict(model_name='resnet10t', type=None)]
)
def test_no_model_at_all(config):
    with pytest.raises(ValueError, match=r'^got .*; wanted the name of a tim'):
        build_classifier(config)
    with pytest.raises(ValueError, match=r'^got .*; wanted the name of a tim'):
        build_classifier(dict(type='timm', model=config))


@pytest.mark.parametrize(
    ('config', 'message'),
    [
        ('convnxt_tiny', r'no model convnxt_tiny; it knows convnext_tiny, '),
        ('ConvNeXt-T', r'no model ConvNeXt-T; it knows .*convnext_tiny'),
        ('resnet10t.nope', r'cannot build resnet10t\.nope .*tag \(nope\)'),
        (dict(type='ResNetV1x'), r'no model ResNetV1x; it knows ResNetV1'),
        (dict(RESNET, depth=7), r'^ResNetV1c cannot be built from .*depth 7'),
    ],
)
def test_mistyped(config, message):
    with pytest.raises(ValueError, match=message):
        build_classifier(config)


@pytest.mark.parametrize(
    'config',
    [
        dict(type='timm', model_name='resnet10t', in_chans=0),
        dict(type='timm', model_name='resnet10t', in_chans='RGB'),
        dict(RESNET, in_channels=2.0),
    ],
)
def test_a_number_of_channels_that_is_none(config):
    with pytest.raises(
        ValueError, match=r'^\w+: in_chan\w+=.*; wanted a whole number of at'
    ):
        build_classifier(config)


@pytest.mark.parametrize('channels', [1, 2, 4, 12])
@pytest.mark.parametrize('role', ['timm', 'registered'])
def test_other_channels(channels, role):
    config = dict(type='timm', model_name='resnet10t', in_chans=channels)
    if role == 'registered':
        config = dict(RESNET, in_channels=channels)
    _, model = build_classifier(config)
    model.eval()
    with torch.no_grad():
        model(torch.rand(1, channels, 64, 64))


def test_an_unknown_option_is_an_error_of_timm():
    config = dict(type='timm', model_name='resnet10t', colour='red')
    with pytest.raises(ValueError, match=r"build resnet10t.*'colour'$"):
        build_classifier(config)


@pytest.mark.parametrize(
    ('config', 'outputs'),
    [(SWIN, 1000), (DINOV2, 24)],  # DINOv2 has no classes
    ids=['swin', 'dinov2'],
)
def test_images_of_any_size_are_taken(config, outputs):
    _, model = build_classifier(config)
    model.eval()
    with torch.no_grad():
        for size in ((64, 96), (70, 90), (97, 131)):
            assert model(torch.rand(1, 3, *size)).shape == (1, outputs)


def test_a_vit_pads_below_and_right_as_timm_does():
    """By zeros, to whole patches; without our hook timm's own padding."""
    _, model = build_classifier(DINOV2)
    options = {k: v for k, v in DINOV2.items() if k != 'type'}
    native = timm.create_model(
        **options, dynamic_img_size=True, dynamic_img_pad=True
    )
    native.load_state_dict(model.state_dict())
    model.eval(), native.eval()
    image = torch.rand(2, 3, 70, 90)
    padded = torch.zeros(2, 3, 70, 98)
    padded[..., :90] = image
    with torch.no_grad():
        assert_close(model(image), native(image))
        assert torch.equal(model(image), model(padded))


def test_fused_norms_are_taken_apart():
    """The same maps and tensors, and no fused norm is left."""
    torch.manual_seed(0)
    model = timm.create_model('tf_efficientnet_lite0', num_classes=0)
    before = {id(t) for t in model.state_dict(keep_vars=True).values()}
    for module in model.modules():
        if isinstance(module, BatchNormAct2d):
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias)
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    model.eval()
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        wanted = model(image)
        fused = [m for m in model.modules() if isinstance(m, BatchNormAct2d)]
        assert fused
        split_batch_norm_act(model)
        # The pieces are new modules; `eval` reaches them only now.
        assert torch.equal(model.eval()(image), wanted)
    assert not [m for m in model.modules() if isinstance(m, BatchNormAct2d)]
    norms = [m for m in model.modules() if type(m) is nn.BatchNorm2d]
    assert [(n.eps, n.momentum) for n in norms] == [
        (f.eps, f.momentum) for f in fused
    ]
    assert {id(t) for t in model.state_dict(keep_vars=True).values()} == before
