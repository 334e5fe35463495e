"""A classifier taken apart: widths, strides, and what cannot be split."""

import pytest
import torch
from decoder_families import FAMILIES, family

from xnet_mm.models import Hierarchy, build_hierarchy
from xnet_mm.models.classifier import build_classifier
from xnet_mm.models.hierarchy import NotAHierarchyError


@family(FAMILIES)
def test_maps_are_a_pyramid_at_odd_sizes(config):
    hierarchy = build_hierarchy(config).eval()
    assert hierarchy.strides == [4, 8, 16, 32]
    for height, width in ((70, 90), (97, 131)):
        image = torch.rand(1, 3, height, width)
        with torch.no_grad():
            maps = hierarchy(image)
        assert [m.shape[1] for m in maps] == hierarchy.channels
        for feature, stride in zip(maps, hierarchy.strides, strict=True):
            for got, size in zip(
                feature.shape[-2:], (height, width), strict=True
            ):
                assert size // stride <= got <= -(-size // stride)


def test_stems_are_found_by_running_them():
    lite = build_hierarchy('tf_efficientnet_lite0')
    assert (lite.stem_channels, lite.stem_stride) == (32, 2)
    assert lite.channels == [24, 40, 112, 320]
    convnext = build_hierarchy('convnext_atto')
    assert (convnext.stem_channels, convnext.stem_stride) == (40, 4)
    assert convnext.channels == [40, 80, 160, 320]


@pytest.mark.parametrize(
    ('name', 'reason'),
    [
        ('vit_tiny_patch16_224', 'features of strides'),
        ('levit_128s', 'features of strides'),
        ('maxvit_nano_rw_256', 'cannot take an image'),
        ('densenet121', 'nested or have no stem'),
        (
            'convnext_attto',
            'knows no model convnext_attto; it knows',
        ),
        (dict(type='mmpretrain.ResNet', depth=18), 'not mmpretrain.ConvNeXt'),
    ],
)
def test_what_cannot_be_split_says_what_can(name, reason):
    with pytest.raises(ValueError, match=reason) as error:
        build_hierarchy(name)
    assert 'ConvNeXt and ConvNeXt V2' in str(error.value)
    assert 'EfficientNet-Lite' in str(error.value)


def resnet_parts():
    stem = ['conv1', 'bn1', 'act1', 'maxpool']
    return [stem, ['layer1'], ['layer2'], ['layer3'], ['layer4']]


def test_parts_have_to_give_the_maps_of_the_whole():
    """Whatever the names say: the maps are compared."""
    name, classifier = build_classifier('resnet10t', num_classes=0)
    assert Hierarchy(name, classifier, resnet_parts()).strides == [
        4, 8, 16, 32
    ]  # fmt: skip
    parts = resnet_parts()
    parts[0].remove('maxpool')
    with pytest.raises(NotAHierarchyError, match=r'not give the maps of the'):
        Hierarchy(name, classifier, parts)
    parts[1], parts[2] = parts[2], parts[1]
    with pytest.raises(NotAHierarchyError, match=r'do not run one by one'):
        Hierarchy(name, classifier, parts)


def test_drop_stem_forgets_its_tensors():
    hierarchy = build_hierarchy('convnext_atto')
    before = dict(hierarchy.native_names)
    stem = {n for n, ours in before.items() if ours.startswith('stem.')}
    assert stem == {f'stem.{i}.{k}' for i in '01' for k in ('weight', 'bias')}
    hierarchy.drop_stem()
    assert hierarchy.native_names == {
        n: ours for n, ours in before.items() if n not in stem
    }
    assert {*hierarchy.native_names.values()} == {*hierarchy.state_dict()}
    assert hierarchy.stem is None
