"""A classifier taken apart: widths, strides, and what cannot be split."""

import pytest
import torch
import torch.nn.functional as F
from decoder_families import FAMILIES, family
from torch.testing import assert_close

from xnet_mm.models import Hierarchy, build_hierarchy
from xnet_mm.models.classifier import build_classifier
from xnet_mm.models.hierarchy import NotAHierarchyError
from xnet_mm.models.input_size import InputSize


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


@torch.no_grad()
def test_a_decoder_of_multiples_pads_and_cuts():
    """DLA adds maps that only meet at multiples of 32."""
    hierarchy = build_hierarchy('dla46x_c').eval()
    assert hierarchy.input_size == InputSize(32, 32)
    torch.manual_seed(0)
    image = torch.rand(1, 3, 70, 90)
    stem = hierarchy.forward_stem(image)
    stride = hierarchy.stem_stride
    assert stem.shape[2:] == (-(-70 // stride), -(-90 // stride))
    padded = F.pad(image, (0, 6, 0, 26))
    assert_close(
        hierarchy.stem(padded)[..., : 70 // stride, : 90 // stride], stem
    )
    # What the stages see: the stem's map, and zeros where no image is.
    x = F.pad(stem, (0, 96 // stride - stem.shape[3],
                     0, 96 // stride - stem.shape[2]))  # fmt: skip
    links = [torch.rand(1, c, 7, 9) for c in hierarchy.channels[:3]]
    sizes = [(18, 23), (9, 12), (5, 6), (3, 3)]
    wanted = []
    for i, (stage, size) in enumerate(
        zip(hierarchy.stages, sizes, strict=True)
    ):
        if i:
            link = F.interpolate(links[i - 1], sizes[i - 1], mode='bilinear')
            pads = [
                n - m for n, m in zip(x.shape[2:], link.shape[2:], strict=True)
            ]
            x = x + F.pad(link, (0, pads[1], 0, pads[0]))
        x = stage(x)
        wanted.append(x[..., : size[0], : size[1]])
    for ours, theirs in zip(
        hierarchy.forward_stages(stem, links), wanted, strict=True
    ):
        assert_close(ours, theirs)


@torch.no_grad()
def test_at_a_multiple_such_a_decoder_is_the_classifier():
    hierarchy = build_hierarchy('dla46x_c').eval()
    image = torch.rand(1, 3, 96, 64)
    x, wanted = hierarchy.stem(image), []
    for stage in hierarchy.stages:
        x = stage(x)
        wanted.append(x)
    for ours, theirs in zip(hierarchy(image), wanted, strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize(
    ('name', 'reason'),
    [
        ('sam2_hiera_tiny', 'do not give the maps of the whole'),
        ('coatnet_pico_rw_224', r'\(64, 96\), and a decoder .* of any size:'),
        ('gcvit_xxtiny', r'\(64, 96\), and a decoder .* of any size: .*shape'),
    ],
)
def test_sizes_that_no_decoder_can_be_of(name, reason):
    with pytest.raises(NotAHierarchyError, match=reason):
        build_hierarchy(name)


class Table(torch.nn.Conv2d):
    """Knows positions up to 176 pixels."""

    def forward(self, x):
        if max(x.shape[2:]) > 176 // 4:
            raise IndexError(f'no row {x.shape[3]}')
        return super().forward(x)


def test_tables_that_end_at_the_size_of_training():
    name, classifier = build_classifier('resnet10t', num_classes=0)
    classifier.layer1[0].conv1 = Table(64, 64, 3, padding=1)
    with pytest.raises(NotAHierarchyError, match=r'images of 176x176, and a'):
        Hierarchy(name, classifier, resnet_parts())
