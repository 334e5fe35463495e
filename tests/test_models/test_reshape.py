import pytest
import reference
import torch
from torch.testing import assert_close

from xnet_mm.models import PostFeaturePyramid, ReShape
from xnet_mm.models.resize import resize_to


def parameters_of(module):
    return {
        n: p.detach().double().numpy() for n, p in module.named_parameters()
    }


def random_reshape(*args):
    module = ReShape(*args)
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    return module


@pytest.mark.parametrize('scale', [1, 2, 3])
def test_reshape_equals_the_slow_reference(scale):
    torch.manual_seed(0)
    module = random_reshape(5, 4, scale)
    x = torch.randn(2, 5, 3, 2)
    for ours, image in zip(module(x), x, strict=True):
        wanted = reference.reshape(
            image.double().numpy(), parameters_of(module), scale
        )
        assert_close(ours.double(), torch.tensor(wanted), rtol=1e-4, atol=1e-4)


def test_norm_and_act_are_options():
    module = ReShape(4, 2, 2, norm='LayerNorm', act='GELU')
    assert isinstance(module.norm, torch.nn.LayerNorm)
    assert isinstance(module.act, torch.nn.GELU)
    assert module(torch.randn(1, 4, 3, 3)).shape == (1, 2, 6, 6)


def test_identity_start_is_exactly_one():
    module = random_reshape(4, 3, 2)
    module.init_identity()
    out = module(torch.randn(2, 4, 3, 3))
    assert torch.equal(out, torch.ones(2, 3, 6, 6))


@pytest.mark.parametrize('scale', [0, 1.5])
def test_scale_factor_must_be_a_positive_integer(scale):
    with pytest.raises(ValueError, match=f'scale_factor={scale}; PixelShuf'):
        ReShape(4, 4, scale)


def test_resize_leaves_the_right_size_alone():
    x = torch.randn(1, 2, 3, 4)
    assert resize_to(x, torch.Size([3, 4])) is x


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


def test_sub_pixels_start_alike():
    torch.manual_seed(0)
    fine = ReShape(5, 6, 4)
    x = torch.randn(2, 5, 3, 4)
    out = fine(x)
    # One value for each 4x4 block: nearest up-sampling of the map of corners.
    corners = (
        out[..., ::4, ::4].repeat_interleave(4, 2).repeat_interleave(4, 3)
    )
    torch.testing.assert_close(out, corners)
    assert (out.flatten(2).std(-1) > 0).all()
    # The sub-pixels of one channel are alike, the channels are not.
    assert fine.expand.weight.view(6, 16, 5)[:, 0].unique(dim=0).shape[0] == 6
