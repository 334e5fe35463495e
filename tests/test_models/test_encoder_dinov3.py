"""DINOv3: registers, rotary positions, its own files; at tiny width."""

import pytest
import timm
import torch
import torch.nn.functional as F
from tiny_boxes import samples, segmentor, train_step
from torch.testing import assert_close

from xnet_mm.models import (
    PretrainedEncoder,
    PretrainedPyramid,
    build_hierarchy,
)

OPTIONS = dict(embed_dim=48, depth=4, num_heads=2)
NAME = 'vit_small_patch16_dinov3'
DINOV3 = dict(type='timm', model_name=NAME, **OPTIONS)
CONVNEXT = dict(
    type='timm',
    model_name='convnext_base.dinov3_lvd1689m',
    depths=(1, 1, 2, 1),
    dims=(8, 16, 24, 32),
)


@pytest.fixture(scope='module')
def pair():
    """timm's model, every layer of which does something, and ours."""
    torch.manual_seed(0)
    native = timm.create_model(NAME, **OPTIONS).eval()
    with torch.no_grad():
        for parameter in native.parameters():
            parameter.normal_(std=0.2)  # layer scale starts at 1e-5
    encoder = PretrainedEncoder(DINOV3).eval()
    state = native.state_dict()
    encoder.encoder.load_state_dict(
        {ours: state[name] for name, ours in encoder.native_names.items()}
    )
    return native, encoder


def features(native, image):
    """timm's, of patches alone: no class token, no registers."""
    height, width = (-(-side // 16) for side in image.shape[-2:])
    pads = (0, 16 * width - image.shape[3], 0, 16 * height - image.shape[2])
    tokens = native.forward_features(F.pad(image, pads))
    assert native.num_prefix_tokens == 5
    patches = tokens[:, 5:].transpose(1, 2)
    return patches.reshape(len(image), -1, height, width)


@torch.no_grad()
@pytest.mark.parametrize(
    'size', [(64, 96), (96, 64), (70, 90), (97, 131), (16, 16), (256, 256)]
)
def test_features_are_timms_at_any_size(pair, size):
    native, encoder = pair
    image = torch.randn(2, 3, *size)
    same, feature = encoder(image)
    assert same is image
    assert_close(feature, features(native, image))
    if not any(side % 16 for side in size):
        (wanted,) = native.forward_intermediates(
            image, indices=1, norm=True, intermediates_only=True
        )
        assert_close(feature, wanted)


@torch.no_grad()
def test_places_count(pair):
    """Moved by one patch, an image has other features: RoPE is there."""
    image = torch.randn(1, 3, 32, 48)
    feature = pair[1](image)[1]
    moved = pair[1](image.roll(16, dims=-1))[1].roll(-1, dims=-1)
    assert (feature - moved).abs().max() > 1e-3


@torch.no_grad()
@pytest.mark.parametrize('way', ['autocast', 'weights'])
def test_half_precision(pair, way):
    _, encoder = pair
    image = torch.randn(1, 3, 96, 128)
    wanted = encoder(image)[1]
    if way == 'autocast':
        with torch.autocast('cpu', torch.bfloat16):
            feature = encoder(image)[1]
    else:
        half = PretrainedEncoder(DINOV3).eval()
        half.load_state_dict(encoder.state_dict())
        feature = half.bfloat16()(image.bfloat16())[1]
    error = (feature.float() - wanted).abs().mean() / wanted.abs().mean()
    assert error < 0.05


def test_facts_and_a_step():
    encoder = PretrainedEncoder(DINOV3)
    assert (encoder.out_channels, encoder.out_strides) == ([48], [16])
    assert str(encoder.input_size) == 'of any size'
    assert encoder.unused == []
    assert encoder.layers.no_weight_decay == {'cls_token', 'reg_token'}
    depths = encoder.layers.depths
    assert depths['cls_token'] == depths['reg_token'] == 0
    assert depths['blocks.3.attn.qkv.weight'] == 4
    model = segmentor(DINOV3, decoder=CONVNEXT)
    assert model.neck.reshape.scale_factor == 4
    train_step(model, (70, 90))
    with torch.no_grad():
        (result,) = model.eval().predict(*samples((97, 131), 1))
    assert result.seg_logits.data.shape == (5, 97, 131)


def test_pyramid_for_the_peers():
    encoder = PretrainedPyramid(DINOV3).eval()
    assert encoder.out_strides == [16] * 4
    alone = PretrainedEncoder(DINOV3).eval()
    alone.load_state_dict(encoder.state_dict())
    image = torch.randn(1, 3, 70, 90)
    with torch.no_grad():
        assert torch.equal(encoder(image)[-1], alone(image)[-1])


def meta_names(state):
    """Under the names of Meta's own files, with all that these hold."""
    state = {
        name.replace('reg_token', 'storage_tokens')
        .replace('gamma_1', 'ls1.gamma')
        .replace('gamma_2', 'ls2.gamma'): tensor
        for name, tensor in state.items()
        if not name.startswith('head.')
    }
    state['mask_token'] = torch.zeros(1, 48)
    state['rope_embed.periods'] = torch.ones(6)
    for i in range(4):
        state[f'blocks.{i}.attn.qkv.bias'] = torch.zeros(144)
        state[f'blocks.{i}.attn.qkv.bias_mask'] = torch.ones(144)
    return state


def test_metas_own_file(pair, tmp_path, logged):
    native, encoder = pair
    path = str(tmp_path / 'dinov3.pth')
    torch.save(meta_names(native.state_dict()), path)
    loaded = PretrainedEncoder(DINOV3, path).eval()
    loaded.init_weights()
    image = torch.randn(1, 3, 70, 90)
    with torch.no_grad():
        assert torch.equal(loaded(image)[1], encoder(image)[1])
    (line,) = logged
    count = len(encoder.state_dict())
    assert line.startswith(f'encoder: {count} of {count} tensors from {path}')


@torch.no_grad()
def test_the_decoder_is_the_untouched_classifier():
    """Stem and stages of the distilled ConvNeXt, at its tag."""
    hierarchy = build_hierarchy(CONVNEXT).eval()
    options = {k: v for k, v in CONVNEXT.items() if k != 'type'}
    native = timm.create_model(**options, features_only=True).eval()
    theirs = timm.create_model(**options).eval().state_dict()
    hierarchy.load_state_dict(
        {ours: theirs[n] for n, ours in hierarchy.native_names.items()}
    )
    native.load_state_dict({k: theirs[_plain(k)] for k in native.state_dict()})
    image = torch.randn(1, 3, 64, 96)
    maps = hierarchy.forward_stages(hierarchy.forward_stem(image), [])
    for ours, wanted in zip(maps, native(image), strict=True):
        assert_close(ours, wanted)


def _plain(name):
    """`stages_0.blocks` of a feature extractor is `stages.0.blocks`."""
    return name.replace('stages_', 'stages.').replace('stem_', 'stem.')
