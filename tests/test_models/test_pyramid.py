"""The encoder as an ordinary backbone of four maps."""

import timm
import torch
from mmseg.registry import MODELS

from xnet_mm.models import PretrainedEncoder, PretrainedPyramid


def test_pyramid_is_the_encoders_own():
    backbone = MODELS.build(
        dict(type='xnet_mm.PretrainedPyramid', encoder='resnet10t')
    ).eval()
    native = timm.create_model(
        'resnet10t', features_only=True, out_indices=(1, 2, 3, 4)
    ).eval()
    state = backbone.encoder.state_dict()
    native.load_state_dict(
        {name: state[ours] for name, ours in backbone.native_names.items()}
    )
    image = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        for ours, theirs in zip(backbone(image), native(image), strict=True):
            torch.testing.assert_close(ours, theirs)


def test_pyramid_of_a_vit_is_four_evenly_spaced_blocks():
    backbone = MODELS.build(
        dict(
            type='xnet_mm.PretrainedPyramid',
            encoder=dict(
                type='timm',
                model_name='vit_small_patch14_reg4_dinov2',
                embed_dim=24,
                depth=8,
                num_heads=2,
            ),
            input_scale=14 / 16,
        )
    ).eval()
    assert backbone.out_strides == [16, 16, 16, 16]
    vit, tokens = backbone.encoder, {}
    for i in (1, 3, 5, 7):
        vit.blocks[i].register_forward_hook(
            lambda _, args, output, i=i: tokens.update({i: output})
        )
    with torch.no_grad():
        maps = backbone(torch.rand(1, 3, 64, 96))
        for ours, x in zip(maps, tokens.values(), strict=True):
            grid = vit.norm(x)[:, 5:]  # without the class and 4 registers
            wanted = grid.reshape(1, 4, 6, 24).permute(0, 3, 1, 2)
            torch.testing.assert_close(ours, wanted)


def test_it_is_the_encoder_without_the_image():
    torch.manual_seed(0)
    options = dict(encoder='resnet10t', input_scale=0.5)
    ours = PretrainedPyramid(**options).eval()
    theirs = PretrainedEncoder(**options, pyramid=True).eval()
    theirs.load_state_dict(ours.state_dict())
    assert ours.out_channels == theirs.out_channels == [64, 128, 256, 512]
    assert ours.out_strides == theirs.out_strides == [8, 16, 32, 64]
    image = torch.rand(1, 3, 70, 90)
    with torch.no_grad():
        for a, b in zip(ours(image), theirs(image)[1:], strict=True):
            assert torch.equal(a, b)
