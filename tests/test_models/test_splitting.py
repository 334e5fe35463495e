"""Where a classifier is cut, by the names of its submodules."""

import pytest
import timm
from torch import nn

from xnet_mm.models.splitting import (
    FAMILIES,
    NotAHierarchyError,
    split_mmpretrain,
    split_timm,
)


def test_timm():
    model = timm.create_model('resnet10t')
    assert split_timm('resnet10t', model) == [
        ['conv1', 'bn1', 'act1', 'maxpool'],
        ['layer1'],
        ['layer2'],
        ['layer3'],
        ['layer4'],
    ]
    model = timm.create_model('mobilenetv2_035')
    assert split_timm('m', model) == [
        ['conv_stem', 'bn1'],
        ['blocks.0', 'blocks.1'],
        ['blocks.2'],
        ['blocks.3', 'blocks.4'],
        ['blocks.5', 'blocks.6'],
    ]


@pytest.mark.parametrize(
    ('name', 'reason'),
    [
        ('csatv2', r'timm lists features of strides \[8, 8, 16, 32, 64\]'),
        ('levit_128s', r'timm lists features of strides \[16, 32, 64\]'),
        ('densenet121', r'are nested or have no stem before them'),
        ('coat_tiny', r'stand in no order'),
    ],
)
def test_what_cannot_be_cut(name, reason):
    match = rf'^{name} cannot serve as a decoder: .*{reason}.*What can: ConvN'
    with pytest.raises(NotAHierarchyError, match=match) as error:
        split_timm(name, timm.create_model(name))
    assert str(error.value).endswith(f'What can: {FAMILIES}.')


def test_mmpretrain():
    convnext = nn.Module()
    convnext.downsample_layers = nn.ModuleList()
    assert split_mmpretrain('ConvNeXt', convnext) == [
        ['downsample_layers.0'],
        ['stages.0'],
        ['downsample_layers.1', 'stages.1'],
        ['downsample_layers.2', 'stages.2'],
        ['downsample_layers.3', 'stages.3'],
    ]
    with pytest.raises(NotAHierarchyError, match=r'not mmpretrain\.ConvNeXt'):
        split_mmpretrain('ResNet', nn.Module())
