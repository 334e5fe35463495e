"""PFP against the slow formula."""

import pytest
import reference
import torch
import torch.nn.functional as F
from reference import parameters_of
from torch.testing import assert_close

from xnet_mm.models import PostFeaturePyramid


def test_pyramid_equals_the_slow_reference():
    torch.manual_seed(0)
    module = PostFeaturePyramid([3, 4], [4, 8], 5, 6, out_stride=2)
    maps = [torch.randn(1, 3, 4, 6), torch.randn(1, 4, 2, 3)]
    wanted = reference.post_feature_pyramid(
        [m[0].double().numpy() for m in maps],
        [parameters_of(m) for m in module.reshapes],
        parameters_of(module.fuse),
        scales=(1, 2),
        fuse_scale=2,
    )
    got = module(maps)[0].double()
    assert got.shape == (6, 8, 12)
    assert_close(got, torch.tensor(wanted), rtol=1e-4, atol=1e-4)


def test_pyramid_resizes_maps_that_do_not_divide():
    module = PostFeaturePyramid([3, 4], [4, 8], 5, 6)
    maps = [torch.randn(1, 3, 5, 7), torch.randn(1, 4, 2, 3)]
    assert module(maps).shape == (1, 6, 20, 28)


def test_pyramid_says_which_widths_came():
    module = PostFeaturePyramid([3, 4], [4, 8], 5, 6)
    maps = [torch.randn(1, 3, 4, 4), torch.randn(1, 5, 2, 2)]
    with pytest.raises(ValueError, match=r'widths \[3, 5\].*\[3, 4\]'):
        module(maps)


def test_pyramid_wants_strides_that_divide():
    with pytest.raises(ValueError, match='cannot bring stride 14 to 4'):
        PostFeaturePyramid([3, 4], [4, 14])
    with pytest.raises(ValueError, match=r'3 widths .* and 2 strides'):
        PostFeaturePyramid([3, 4, 5], [4, 8])


@pytest.mark.parametrize('size', [(16, 24), (5, 7)])
def test_concatenate_brings_all_to_the_first_maps_size(size):
    """Each map by its own RS, then bilinear where strides do not divide."""
    torch.manual_seed(0)
    module = PostFeaturePyramid([3, 4, 5], [4, 8, 16], 2, 6)
    maps = [
        torch.randn(2, c, -(-size[0] // s), -(-size[1] // s))
        for c, s in ((3, 1), (4, 2), (5, 4))
    ]
    x = module.concatenate(maps)
    assert x.shape == (2, 6, *size)
    for i, (feature, scale) in enumerate(zip(maps, (1, 2, 4), strict=True)):
        parameters = parameters_of(module.reshapes[i])
        lifted = torch.stack(
            [
                torch.tensor(
                    reference.reshape(one.double().numpy(), parameters, scale)
                )
                for one in feature
            ]
        )
        wanted = F.interpolate(lifted, size=size, mode='bilinear')
        ours = x[:, 2 * i : 2 * i + 2].double()
        assert_close(ours, wanted, rtol=1e-4, atol=1e-4)
    assert torch.equal(module(maps), module.fuse(x))


def test_strides_decide_the_factors():
    module = PostFeaturePyramid([3] * 3, [8, 16.0, 32], out_stride=2)
    assert [r.scale_factor for r in module.reshapes] == [1, 2, 4]
    assert module.fuse.scale_factor == 4
    with pytest.raises(ValueError, match=r'stride 4 to 3.*out_stride=3'):
        PostFeaturePyramid([3, 4], [4, 8], out_stride=3)


@pytest.mark.parametrize('value', [0, -1, 1.5, None, True])
@pytest.mark.parametrize(
    'name', ['out_stride', 'out_channels', 'pyramid_channels']
)
def test_numbers_that_are_none(name, value):
    with pytest.raises(ValueError, match=f'{name}={value}; wanted a whole'):
        PostFeaturePyramid([3, 4], [4, 8], **{name: value})


@pytest.mark.parametrize(
    ('widths', 'strides', 'message'),
    [
        ([3, 0], [4, 8], r'in_channels=\[3, 0\]; wanted a list'),
        ([], [], r'in_channels=\[\]; wanted a list'),
        ([3, 4], [0, 8], r'in_strides=0; wanted a finite number above 0'),
        ([3, 4], [4, -8], r'in_strides=-8; wanted a finite number above 0'),
    ],
)
def test_maps_that_are_none(widths, strides, message):
    with pytest.raises(ValueError, match=message):
        PostFeaturePyramid(widths, strides)
