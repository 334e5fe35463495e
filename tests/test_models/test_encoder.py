"""Any encoder: what it returns, and what it says where it cannot."""

import pytest
import timm
import torch
import torch.nn.functional as F
from mmengine.registry import MODELS
from tiny_boxes import (
    DINOV2,
    DINOV2_OF_8_BLOCKS,
    RESNET,
    SWIN,
    VIT,
    samples,
    segmentor,
    train_step,
)
from torch import nn
from torch.testing import assert_close

from xnet_mm.models import PretrainedEncoder, PretrainedPyramid

ENCODERS = {
    'timm': 'convnext_atto',
    'timm swin': SWIN,
    'timm dinov2': DINOV2,
    'mmseg resnet': RESNET,
    'mmseg swin': dict(
        type='SwinTransformer',
        embed_dims=12,
        depths=(1, 1, 1, 1),
        num_heads=(1, 1, 1, 1),
    ),
    'mmpretrain vit': VIT,
}


@pytest.mark.parametrize('encoder', ENCODERS.values(), ids=ENCODERS.keys())
def test_any_encoder_trains_and_takes_odd_sizes(encoder):
    scale = 14 / 16 if encoder is DINOV2 else 1.0
    model = segmentor(encoder, backbone=dict(input_scale=scale))
    train_step(model)
    model.eval()
    for size in ((70, 90), (97, 131)):
        inputs, data = samples(size, 1)
        with torch.no_grad():
            (result,) = model.predict(inputs, data)
        assert result.pred_sem_seg.shape == size
        assert result.seg_logits.data.shape == (5, *size)


def test_dinov2_meets_the_decoder_at_a_whole_factor():
    encoder = PretrainedEncoder(DINOV2, input_scale=14 / 16)
    assert encoder.out_strides == [16]
    image = torch.rand(1, 3, 96, 128)
    same, feature = encoder(image)
    assert_close(same, image)
    assert feature.shape == (1, 24, 6, 8)
    model = segmentor(DINOV2, backbone=dict(input_scale=14 / 16))
    assert model.neck.reshape.scale_factor == 4


def test_encoder_that_returns_no_map_is_told_what_to_do():
    with pytest.raises(ValueError, match="needs out_type='featmap'"):
        PretrainedEncoder(dict(VIT, out_type='cls_token'))


def test_the_image_travels_along_with_the_last_map():
    """Which is the last of timm's own maps; widths and strides are true."""
    encoder = PretrainedEncoder('resnet10t').eval()
    native = timm.create_model('resnet10t', features_only=True).eval()
    state = encoder.encoder.state_dict()
    native.load_state_dict(
        {name: state[ours] for name, ours in encoder.native_names.items()}
    )
    image = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        same, feature = encoder(image)
        wanted = native(image)[-1]
    assert same is image
    assert_close(feature, wanted)
    assert (encoder.out_channels, encoder.out_strides) == ([512], [32])


def test_pyramid_of_a_registered_backbone_is_all_that_it_returns():
    encoder = PretrainedEncoder(RESNET, pyramid=True).eval()
    assert encoder.out_channels == [64, 128, 256, 512]
    assert encoder.out_strides == [4, 8, 16, 32]
    image = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        same, *maps = encoder(image)
        wanted = encoder.encoder(image)
    assert same is image
    for ours, theirs in zip(maps, wanted, strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize('size', [(64, 96), (70, 90)])
def test_input_scale_resizes_to_whole_patches(size):
    """The image is re-sized by the factor, up to the next whole patch."""
    encoder = PretrainedEncoder(DINOV2, input_scale=14 / 16).eval()
    image = torch.rand(1, 3, *size)
    grid = [-(-side // 16) for side in size]
    wanted = F.interpolate(image, size=[14 * n for n in grid], mode='bilinear')
    plain = PretrainedEncoder(DINOV2).eval()
    plain.load_state_dict(encoder.state_dict())
    with torch.no_grad():
        same, feature = encoder(image)
        assert_close(feature, plain(wanted)[1])
    assert same is image  # the neck is shown the image as it came
    assert list(feature.shape[-2:]) == grid


def test_what_the_maps_do_not_need_is_frozen():
    """Else DDP would wait for gradients that never come."""
    config = dict(
        type='SwinTransformer',
        embed_dims=12,
        depths=(1, 1, 1, 1),
        num_heads=(1, 1, 1, 1),
    )
    encoder = PretrainedEncoder(config)
    frozen = {
        n for n, p in encoder.encoder.named_parameters() if not p.requires_grad
    }
    assert frozen == {*encoder.unused}
    assert frozen == {
        f'norm{i}.{kind}' for i in (0, 1, 2) for kind in ('weight', 'bias')
    }
    encoder(torch.rand(2, 3, 64, 64))[-1].sum().backward()
    for name, parameter in encoder.encoder.named_parameters():
        assert (parameter.grad is None) == (name in frozen), name


def test_built_without_gradients_nothing_more_is_frozen():
    with torch.no_grad():
        encoder = PretrainedEncoder('convnext_atto')
    assert encoder.unused == []
    assert all(p.requires_grad for p in encoder.parameters())


def test_checkpointing_changes_nothing_but_memory():
    results = []
    for with_cp in (False, True):
        torch.manual_seed(0)
        encoder = PretrainedEncoder(SWIN, with_cp=with_cp).train()
        feature = encoder(torch.rand(1, 3, 64, 64))[-1]
        feature.square().mean().backward()
        grads = {n: p.grad for n, p in encoder.named_parameters()}
        results.append((feature, grads))
    assert_close(*results)


@MODELS.register_module()
class Stubborn(nn.Module):
    """Takes no image."""

    def forward(self, image):
        raise RuntimeError('no')


def test_options_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r'timm encoders; give ResNetV1c its'):
        PretrainedEncoder(RESNET, with_cp=True)
    with pytest.raises(ValueError, match=r'has 2 maps; pyramid=True wants at'):
        PretrainedEncoder(DINOV2, pyramid=True)
    with pytest.raises(ValueError, match=r'knows no model resnet18000'):
        PretrainedEncoder('resnet18000')
    with pytest.raises(
        ValueError, match=r'cannot be an encoder: an image of \(64, 96\) gives'
    ):
        PretrainedEncoder(dict(type='Stubborn'))
    with pytest.raises(ValueError, match=r'^encoder: ResNetV1c: in_channels'):
        PretrainedEncoder(dict(RESNET, in_channels=0))


@pytest.mark.parametrize('scale', [0, -1.0, float('nan'), '1', None, True])
def test_no_scale(scale):
    with pytest.raises(ValueError, match=r'input_scale=.* number above 0'):
        PretrainedEncoder(RESNET, input_scale=scale)


@pytest.mark.parametrize('kind', [PretrainedEncoder, PretrainedPyramid])
@pytest.mark.parametrize('channels', [1, 4])
def test_images_of_other_channels(kind, channels):
    encoder = kind('resnet10t')
    with pytest.raises(
        ValueError,
        match=rf'takes images of 3 channels, and the images have {channels}',
    ):
        encoder(torch.zeros(1, channels, 64, 64))


def test_pyramid_of_8_blocks_ends_with_the_last_map():
    encoder = PretrainedEncoder(DINOV2_OF_8_BLOCKS, pyramid=True).eval()
    alone = PretrainedEncoder(DINOV2_OF_8_BLOCKS).eval()
    alone.load_state_dict(encoder.state_dict())
    image = torch.rand(1, 3, 56, 84)
    with torch.no_grad():
        assert torch.equal(encoder(image)[-1], alone(image)[-1])
    assert encoder.out_strides == [14] * 4
