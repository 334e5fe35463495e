"""RS against the slow formula."""

import pytest
import reference
import torch
from reference import parameters_of
from torch.testing import assert_close

from xnet_mm.models import ReShape


def random_reshape(*args, **options):
    module = ReShape(*args, **options)
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


@pytest.mark.parametrize('scale', [1, 2, 3, 8])
def test_bilinear_equals_the_slow_reference(scale):
    torch.manual_seed(0)
    module = random_reshape(5, 4, scale, upsample='bilinear')
    assert module.expand.weight.shape == (4, 5)
    x = torch.randn(2, 5, 3, 2)
    for ours, image in zip(module(x), x, strict=True):
        wanted = reference.smooth_reshape(
            image.double().numpy(), parameters_of(module), scale
        )
        assert_close(ours.double(), torch.tensor(wanted), rtol=1e-4, atol=1e-4)


def test_smooth_up_sampling_starts_as_plain_bilinear():
    x = torch.randn(2, 4, 3, 5)
    wanted = torch.nn.functional.interpolate(x, size=(9, 15), mode='bilinear')
    assert_close(ReShape(4, 4, 3, upsample='bilinear').upsample(x), wanted)


def test_only_the_shuffle_makes_blocks():
    torch.manual_seed(0)
    x = torch.randn(1, 5, 6, 7)
    for upsample, blocks in (('shuffle', True), ('bilinear', False)):
        out = ReShape(5, 4, 8, upsample=upsample)(x)
        rows = out.diff(dim=2).abs().mean((0, 1, 3))  # between neighbours
        lines = torch.arange(1, 48) % 8 == 0
        assert (rows[~lines].max() == 0) == blocks
        assert (rows[lines].mean() > 2 * rows[~lines].mean()) == blocks


def test_norm_and_act_are_options():
    module = ReShape(4, 2, 2, norm='LayerNorm', act='GELU')
    assert isinstance(module.norm, torch.nn.LayerNorm)
    assert isinstance(module.act, torch.nn.GELU)
    assert module(torch.randn(1, 4, 3, 3)).shape == (1, 2, 6, 6)


@pytest.mark.parametrize('upsample', ['shuffle', 'bilinear'])
def test_identity_start_is_exactly_one(upsample):
    module = random_reshape(4, 3, 2, upsample=upsample)
    module.init_identity()
    out = module(torch.randn(2, 4, 3, 3))
    assert torch.equal(out, torch.ones(2, 3, 6, 6))


@pytest.mark.parametrize('scale', [0, 1.5, 2.5])
def test_scale_factor_must_be_a_positive_integer(scale):
    with pytest.raises(ValueError, match=f'factor={scale}; wanted an int'):
        ReShape(4, 4, scale)


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


@pytest.mark.parametrize('training', [True, False])
def test_forward_is_five_steps(training):
    """Whole tensors, in the words of the paper, also in the other layout."""
    torch.manual_seed(0)
    module = random_reshape(5, 4, 2).train(training)
    x = torch.randn(2, 5, 6, 7)
    p = module.state_dict()
    rms = x.square().mean(1, keepdim=True) + torch.finfo(x.dtype).eps
    y = x / rms.sqrt() * p['norm.weight'][:, None, None]
    y = torch.einsum('oc,bchw->bohw', p['expand.weight'], y)
    y = y + p['expand.bias'][:, None, None]
    y = y.reshape(2, 4, 2, 2, 6, 7)  # (B,C',a,b,H,W) -> (B,C',H,a,W,b)
    y = y.permute(0, 1, 4, 2, 5, 3).reshape(2, 4, 12, 14)
    y = y * y.sigmoid()
    y = torch.einsum('oc,bchw->bohw', p['project.weight'], y)
    y = y + p['project.bias'][:, None, None]
    assert_close(module(x), y, rtol=1e-4, atol=1e-4)
    last = x.contiguous(memory_format=torch.channels_last)
    assert_close(module(last), module(x))


def test_a_whole_float_is_a_whole_number():
    torch.manual_seed(0)
    ours = ReShape(5, 4, 2.0)
    assert type(ours.scale_factor) is int
    wanted = ReShape(5, 4, 2)
    wanted.load_state_dict(ours.state_dict())
    x = torch.randn(1, 5, 3, 2)
    assert torch.equal(ours(x), wanted(x))


def test_the_norm_keeps_its_precision_under_autocast():
    module = ReShape(5, 4, 2)
    seen = []
    module.norm.register_forward_hook(lambda m, args, out: seen.append(out))
    x = torch.randn(1, 5, 3, 2)
    with torch.autocast('cpu', torch.bfloat16):
        half = module(x.bfloat16())
    assert seen[0].dtype == torch.float32
    assert half.dtype == torch.bfloat16
    assert_close(half.float(), module(x), rtol=0.05, atol=0.05)


def test_dynamic_quantisation_by_torch():
    """Both linear layers to 8 bits, and what they compute stays near."""
    quantization = pytest.importorskip('torch.ao.quantization')
    torch.manual_seed(0)
    module = random_reshape(32, 16, 2).eval()
    ours = quantization.quantize_dynamic(module, {torch.nn.Linear})
    for layer in (ours.expand, ours.project):
        assert layer.weight().dtype == torch.qint8
    x = torch.randn(2, 32, 5, 4)
    wanted = module(x)
    assert ours(x).shape == wanted.shape
    assert (ours(x) - wanted).norm() < 0.05 * wanted.norm()


@pytest.mark.parametrize(
    ('option', 'message'),
    [
        (
            dict(norm='RMSnorm'),
            r"norm='RMSnorm'; .*torch\.nn; it knows RMSNorm",
        ),
        (dict(act='silu'), r"act='silu'; .*torch\.nn; it knows SiLU"),
        (dict(act=None), r'act=None; wanted the name of a layer'),
        (dict(upsample='nearest'), "upsample='nearest'; wanted 'shuffle'"),
    ],
)
def test_layers_that_are_none(option, message):
    with pytest.raises(ValueError, match=message):
        ReShape(3, 4, 2, **option)
