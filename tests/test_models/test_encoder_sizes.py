"""Encoders of one size, or of multiples: what they make of other images."""

import pytest
import timm
import torch
import torch.nn.functional as F
from tiny_boxes import samples, segmentor, train_step
from torch.testing import assert_close

from xnet_mm.models import PretrainedEncoder, PretrainedPyramid
from xnet_mm.models.input_size import InputSize

HIERA = dict(
    type='timm',
    model_name='hiera_tiny_224',
    embed_dim=16,
    num_heads=1,
    stages=(1, 1, 1, 1),
    img_size=(64, 96),
)
BEIT = dict(
    type='timm',
    model_name='beit_base_patch16_224',
    embed_dim=24,
    depth=2,
    num_heads=2,
    img_size=(64, 96),
)
SAM2 = dict(
    type='timm',
    model_name='sam2_hiera_tiny',
    embed_dim=16,
    stages=(1, 1, 2, 1),
    global_att_blocks=(3,),
)


def sized(name, size=(64, 96)):
    return dict(type='timm', model_name=name, img_size=size)


FIXED = {
    'hiera': HIERA,
    'beit': BEIT,
    'maxvit': sized('maxvit_pico_rw_256'),
    'coatnet': sized('coatnet_pico_rw_224'),
    'pit': sized('pit_ti_224'),
    'gcvit': sized('gcvit_xxtiny'),
    'tables that end at the size': sized('mvitv2_tiny', 64),
    'square only': sized('efficientformerv2_s0', 64),
}
MULTIPLES = {
    'sam2_hiera': (SAM2, 32),
    'csatv2': ('csatv2', 64),
    'dla': ('dla46x_c', 32),
}


def native(encoder):
    """timm's own model with the weights of ours."""
    config = encoder.config
    if isinstance(config, str):
        config = dict(model_name=config)
    options = {k: v for k, v in config.items() if k != 'type'}
    model = timm.create_model(**options)
    ours = encoder.encoder.state_dict()
    state = {n: ours[name] for n, name in encoder.native_names.items()}
    _, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected
    return model.eval()


def last_map(encoder, image):
    """Of the untouched model."""
    return native(encoder).forward_intermediates(
        image,
        indices=1,
        norm=encoder.final_norm,
        output_fmt='NCHW',
        intermediates_only=True,
    )[0]


@torch.no_grad()
@pytest.mark.parametrize('config', FIXED.values(), ids=FIXED.keys())
def test_fixed(config):
    """Images are re-sized to it, maps back to the image's extent."""
    encoder = PretrainedEncoder(config).eval()
    size = config['img_size']
    size = (size, size) if isinstance(size, int) else size
    assert encoder.input_size == InputSize(fixed=size)
    (stride,) = encoder.out_strides
    torch.manual_seed(0)
    image = torch.rand(1, 3, *size)
    same, feature = encoder(image)
    assert same is image
    wanted = last_map(encoder, image)
    assert_close(feature, wanted)
    assert feature.shape[2:] == tuple(-(-side // stride) for side in size)
    for odd in ((70, 90), (97, 231)):
        image = torch.rand(1, 3, *odd)
        same, feature = encoder(image)
        assert same is image  # the neck sees the image as it came
        wanted = last_map(encoder, F.interpolate(image, size, mode='bilinear'))
        extent = tuple(-(-side // stride) for side in odd)
        wanted = F.interpolate(wanted, extent, mode='bilinear')
        assert_close(feature, wanted)


@torch.no_grad()
@pytest.mark.parametrize(
    ('config', 'divisor'), MULTIPLES.values(), ids=MULTIPLES.keys()
)
def test_multiples(config, divisor):
    """Images are padded to them, maps cut."""
    encoder = PretrainedEncoder(config).eval()
    assert encoder.input_size == InputSize(divisor, divisor)
    (stride,) = encoder.out_strides
    torch.manual_seed(0)
    for size, padded in (
        (
            (70, 90),
            (96 if divisor == 32 else 128, 96 if divisor == 32 else 128),
        ),
        ((129, 64), (160 if divisor == 32 else 192, 64)),
        ((20, 30), (divisor, divisor)),
    ):
        image = torch.rand(1, 3, *size)
        whole = torch.zeros(1, 3, *padded)
        whole[:, :, : size[0], : size[1]] = image
        height, width = (-(-side // stride) for side in size)
        wanted = last_map(encoder, whole)[:, :, :height, :width]
        assert_close(encoder(image)[1], wanted)


@pytest.mark.parametrize(
    'config', [HIERA, BEIT, SAM2], ids=['hiera', 'beit', 'sam2']
)
def test_trains_and_predicts_at_any_size(config):
    model = segmentor(config)
    train_step(model)
    train_step(model, (70, 90))
    model.eval()
    inputs, data = samples((97, 131), 1)
    with torch.no_grad():
        (result,) = model.predict(inputs, data)
    assert result.seg_logits.data.shape == (5, 97, 131)


def test_slide_shows_windows_of_the_size():
    """What the log advises: no window is re-sized."""
    slide = dict(mode='slide', crop_size=(64, 96), stride=(40, 60))
    model = segmentor(HIERA, test_cfg=slide).eval()
    seen = []
    model.backbone.encoder.patch_embed.register_forward_pre_hook(
        lambda module, args: seen.append(tuple(args[0].shape[2:]))
    )
    fit = model.backbone.input_size.fit
    image = torch.rand(1, 3, 64, 96)
    assert fit(image) is image
    inputs, data = samples((97, 131), 1)
    with torch.no_grad():
        model.predict(inputs, data)
    assert seen == [(64, 96)] * 4


def test_pyramid_of_a_fixed_size():
    encoder = PretrainedPyramid(HIERA).eval()
    assert encoder.out_strides == [4, 8, 16, 32]
    maps = encoder(torch.rand(1, 3, 70, 90))
    assert [tuple(m.shape[2:]) for m in maps] == [
        (18, 23), (9, 12), (5, 6), (3, 3)
    ]  # fmt: skip


def test_input_scale_goes_first():
    """The image is re-sized by it, then fitted."""
    config = dict(type='timm', model_name='dla46x_c')
    encoder = PretrainedEncoder(config, input_scale=0.5).eval()
    assert encoder.out_strides == [64]
    image = torch.rand(1, 3, 100, 150)
    half = F.interpolate(image, (64, 96), mode='bilinear')
    with torch.no_grad():
        assert_close(encoder(image)[1], last_map(encoder, half))


def test_what_was_kept_without_gradients_is_forgotten():
    """LeViT keeps its biases in eval mode: they are not to be frozen."""
    encoder = PretrainedEncoder('levit_128s')
    assert encoder.unused == []
    encoder(torch.rand(2, 3, 224, 224))[1].sum().backward()
    for name, parameter in encoder.named_parameters():
        assert parameter.grad is not None, name


@pytest.mark.parametrize(
    ('config', 'message'),
    [
        (
            dict(HIERA, img_size=(100, 100)),
            r'an image of \(100, 100\) gives .* multiples of 32',
        ),
        (
            sized('maxvit_pico_rw_256', 100),
            r'an image of \(100, 100\) gives AssertionError.* multiples of 32',
        ),
        (
            sized('convit_tiny', (64, 96)),
            r'an image of \(64, 96\) gives .*height and width alike',
        ),
        (sized('mvitv2_tiny', (64, 96)), r'mvitv2_tiny with .*AssertionError'),
        (sized('resnet18'), r'^encoder: resnet18 has no option img_size; le'),
        (sized('csatv2'), r'^encoder: csatv2 has no option img_size; leave'),
        (dict(HIERA, img_size='64'), r"img_size='64'; wanted the height and"),
        (dict(HIERA, img_size=0), r'img_size=0; wanted the height and width'),
        (dict(HIERA, img_size=(64, 64, 3)), r'=\(64, 64, 3\); wanted the he'),
        (dict(HIERA, img_size=(64.5, 64)), r'=\(64\.5, 64\); wanted the hei'),
    ],
)
def test_img_size_that_cannot_be(config, message):
    with pytest.raises(ValueError, match=message):
        PretrainedEncoder(config)


def test_a_list_is_a_size_too():
    encoder = PretrainedEncoder(dict(HIERA, img_size=[64, 96]))
    assert encoder.input_size.fixed == (64, 96)


def test_without_img_size_it_is_the_trained_one():
    options = {k: v for k, v in HIERA.items() if k != 'img_size'}
    assert PretrainedEncoder(options).input_size.fixed == (224, 224)


@pytest.mark.parametrize(
    ('config', 'line'),
    [
        (
            HIERA,
            'encoder: hiera_tiny_224 runs on images of 64x96. Others are re-',
        ),
        (
            'dla46x_c',
            'encoder: dla46x_c runs on images with sides that are multiples '
            'of 32. Others are padded, and its maps cut',
        ),
        ('resnet10t', ''),
    ],
)
def test_log(config, line, monkeypatch):
    lines = []
    monkeypatch.setattr(
        'xnet_mm.models.encoder.print_log',
        lambda text, **_: lines.append(text),
    )
    PretrainedEncoder(config)
    assert bool(lines) == bool(line)
    assert not line or lines[0].startswith(line)
