"""PFPHead: PFP and a linear probe, nothing else."""

import numpy as np
import pytest
import reference
import torch
from needs import FLOAT16_ON_CPU
from reference import parameters_of
from tiny_boxes import (
    DINOV2_OF_8_BLOCKS,
    RESNET,
    SMALL,
    assembled,
    samples,
    segmentor,
    train_step,
)
from torch.testing import assert_close

from xnet_mm.models import PFPHead

HEAD = dict(type='xnet_mm.PFPHead', num_classes=5, **SMALL)
WIDTHS = [3, 4, 5, 6]


def maps_of(height, width, widths=WIDTHS):
    return [
        torch.randn(2, c, -(-height // s), -(-width // s))
        for c, s in zip(widths, (4, 8, 16, 32), strict=False)
    ]


def test_forward_equals_the_slow_reference():
    """The probe, a matrix, after the slow PFP: whole tensors."""
    torch.manual_seed(0)
    head = PFPHead(5, [3, 4], [4, 8], channels=6, pyramid_channels=4).eval()
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter)
    maps = [torch.randn(1, 3, 4, 6), torch.randn(1, 4, 2, 3)]
    fused = reference.post_feature_pyramid(
        [m[0].double().numpy() for m in maps],
        [parameters_of(r) for r in head.pfp.reshapes],
        parameters_of(head.pfp.fuse),
        scales=(1, 2),
        fuse_scale=4,
    )
    probe = parameters_of(head.conv_seg)
    wanted = np.einsum('kc,chw->khw', probe['weight'][..., 0, 0], fused)
    wanted = wanted + probe['bias'][:, None, None]
    got = head(maps)[0].double()
    assert got.shape == (5, 16, 24)
    assert_close(got, torch.tensor(wanted), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize('training', [True, False])
@pytest.mark.parametrize('size', [(64, 96), (70, 90)])
def test_forward_is_the_probe_of_pfp(training, size):
    torch.manual_seed(0)
    head = PFPHead(5, WIDTHS, **SMALL).train(training)
    maps = maps_of(*size)
    assert torch.equal(head(maps), head.cls_seg(head.pfp(maps)))
    assert torch.equal(head(maps), head.conv_seg(head.pfp(maps)))


def test_dropout_drops_whole_channels_before_the_probe():
    torch.manual_seed(0)
    head = PFPHead(5, WIDTHS, dropout_ratio=0.5, **SMALL)
    maps = maps_of(32, 32)
    assert torch.equal(head.eval()(maps), head.conv_seg(head.pfp(maps)))
    head.train()
    seen = []
    head.conv_seg.register_forward_hook(lambda m, args, out: seen.append(args))
    head(maps)
    dropped = seen[0][0] / head.pfp(maps)  # 0 or 1 / (1 - 0.5)
    assert_close(dropped, dropped[..., :1, :1].expand_as(dropped))
    assert {*dropped.flatten().round().tolist()} == {0.0, 2.0}
    assert PFPHead(5, WIDTHS, **SMALL).dropout is None


def test_maps_are_taken_by_index():
    torch.manual_seed(0)
    some = segmentor(decode_head=dict(HEAD, in_index=[1, 3]))
    head = some.decode_head.eval()
    assert head.in_channels == [80, 320]
    assert [r.scale_factor for r in head.pfp.reshapes] == [1, 4]
    assert head.pfp.fuse.scale_factor == 8
    maps = [torch.randn(1, c, 2, 2) for c in some.neck.out_channels]
    maps[1] = torch.randn(1, 80, 8, 8)
    assert_close(head(maps), head.conv_seg(head.pfp([maps[1], maps[3]])))
    train_step(some)


def test_logits_of_the_images_size_are_not_resized():
    head = PFPHead(5, WIDTHS, **SMALL)
    logits = torch.randn(1, 5, 30, 40)
    same = [dict(img_shape=(30, 40), pad_shape=(30, 40, 3))]
    assert head.predict_by_feat(logits, same) is logits
    assert head.predict_by_feat(logits, [dict(img_shape=(30, 40))]) is logits
    padded = [dict(img_shape=(28, 40), pad_shape=(60, 80, 3))]
    wanted = torch.nn.functional.interpolate(
        logits, size=(60, 80), mode='bilinear', align_corners=False
    )
    assert torch.equal(head.predict_by_feat(logits, padded), wanted)


def test_pfp_head_runs_on_a_plain_backbone():
    head = dict(HEAD, in_channels=[64, 128, 256, 512])
    train_step(assembled(RESNET, decode_head=head))


def test_pfp_head_without_a_neck_says_what_to_give():
    with pytest.raises(
        ValueError,
        match=r'PFPHead got in_channels=None.*\. Give in_channels',
    ):
        PFPHead(num_classes=5)


PYRAMIDS = {
    'resnet': (
        dict(encoder='resnet10t'),
        [64, 128, 256, 512],
        [4, 8, 16, 32],
        (64, 96),
    ),
    'convnext at half size': (
        dict(encoder='convnext_atto', input_scale=0.5),
        [40, 80, 160, 320],
        [8, 16, 32, 64],
        (64, 128),
    ),
    'patch 14 at 14/16': (
        dict(encoder=DINOV2_OF_8_BLOCKS, input_scale=14 / 16),
        [24] * 4,
        [16] * 4,
        (64, 96),
    ),
    'patch 14': (
        dict(encoder=DINOV2_OF_8_BLOCKS),
        [24] * 4,
        [14] * 4,
        (56, 84),
    ),
}


@pytest.mark.parametrize(
    ('backbone', 'widths', 'strides', 'size'),
    PYRAMIDS.values(),
    ids=PYRAMIDS.keys(),
)
@pytest.mark.parametrize('kind', ['PFPHead', 'PFPDepthHead'])
def test_runs_on_the_encoders_own_pyramid(
    kind, backbone, widths, strides, size
):
    """Without a width typed by hand."""
    head = dict(HEAD, type=f'xnet_mm.{kind}')
    if kind == 'PFPDepthHead':
        del head['num_classes']
    model = assembled(
        dict(type='xnet_mm.PretrainedPyramid', **backbone), decode_head=head
    )
    assert model.backbone.out_strides == strides
    assert all(type(s) is int for s in model.backbone.out_strides)
    assert model.decode_head.in_channels == widths
    factors = [r.scale_factor for r in model.decode_head.pfp.reshapes]
    assert factors == [s // strides[0] for s in strides]
    assert model.decode_head.pfp.fuse.scale_factor == strides[0]
    out = model.decode_head(model.extract_feat(torch.rand(1, 3, *size)))
    assert out.shape == (1, 5 if kind == 'PFPHead' else 1, *size)
    assert out.isfinite().all()
    if kind == 'PFPHead':
        train_step(model, (70, 90))


def test_strides_that_rs_cannot_bring_together_are_named():
    pyramid = dict(
        type='xnet_mm.PretrainedPyramid',
        encoder=DINOV2_OF_8_BLOCKS,
        input_scale=0.8,
    )
    with pytest.raises(
        ValueError, match=r'cannot bring stride 17\.5 to 1: .*in_strides=\[17'
    ):
        assembled(pyramid, decode_head=HEAD)
    with pytest.raises(ValueError, match=r'cannot bring stride 14 to 4'):
        assembled(
            dict(pyramid, input_scale=1.0),
            decode_head=dict(HEAD, out_stride=4),
        )


@pytest.mark.parametrize('out_stride', [1, 2, 4])
def test_out_stride(out_stride):
    head = dict(type='PFPHead', num_classes=5, out_stride=out_stride, **SMALL)
    model = segmentor(decode_head=head)
    logits = model.decode_head(model.extract_feat(torch.rand(1, 3, 64, 96)))
    assert logits.shape == (1, 5, 64 // out_stride, 96 // out_stride)
    train_step(model)


@pytest.mark.parametrize('dtype', [torch.bfloat16, FLOAT16_ON_CPU])
def test_autocast_stays_near_full_precision(dtype):
    torch.manual_seed(0)
    model = segmentor().eval()
    image = torch.rand(1, 3, 64, 64)
    full = model.decode_head(model.extract_feat(image))
    with torch.autocast('cpu', dtype):
        half = model.decode_head(model.extract_feat(image))
    assert half.dtype == dtype
    assert_close(half.float(), full, rtol=0.05, atol=0.05 * full.std().item())


def test_predict_gives_logits_of_the_images_size():
    model = segmentor(decode_head=dict(HEAD, out_stride=4)).eval()
    inputs, data = samples((70, 90), 1)
    with torch.no_grad():
        logits = model.decode_head.predict(
            model.extract_feat(inputs), [data[0].metainfo], model.test_cfg
        )
    assert logits.shape == (1, 5, 70, 90)


@pytest.mark.parametrize('value', [-1, 0, 1.5, None, '5', float('nan')])
@pytest.mark.parametrize('name', ['num_classes', 'channels'])
def test_numbers_that_are_none(name, value):
    options = {'num_classes': 5, 'in_channels': WIDTHS, name: value}
    with pytest.raises(ValueError, match=rf'^PFPHead: {name}=.*; wanted a wh'):
        PFPHead(**options)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(out_stride=0), 'out_stride=0; wanted a whole number'),
        (dict(out_stride=3), 'cannot bring stride 4 to 3'),
        (dict(out_stride=-1), 'out_stride=-1; wanted a whole number'),
        (dict(in_channels=[3, 0, 5, 6]), 'in_channels=.*; wanted a list'),
        (dict(in_channels=256), 'in_channels=256; wanted a list'),
        (dict(in_index=2), 'in_index=2; wanted a list of the positions'),
        (dict(in_index=[0, '1']), 'in_index=.*; wanted a list of the positio'),
        (dict(in_index=[0, 1]), r'in_index=\[0, 1\] .* differ in length'),
        (dict(dropout_ratio=2), 'dropout_ratio=2; .* 0 and at most 1'),
        (dict(dropout_ratio=float('nan')), 'dropout_ratio=nan; wanted'),
        (dict(norm='Norm'), "norm='Norm'; wanted the name of a layer"),
    ],
)
def test_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        PFPHead(**{'num_classes': 5, 'in_channels': WIDTHS, **options})


@pytest.mark.parametrize('index', [[0, 4], [-5]])
def test_a_map_that_is_not_there(index):
    """Seen when the model is built where the maps are known, else later."""
    neck = dict(type='xnet_mm.PretrainedPyramid', encoder=RESNET)
    message = r'PFPHead: in_index=.*, of the 4 that there are'
    with pytest.raises(ValueError, match=message):
        assembled(neck, decode_head=dict(HEAD, in_index=index))


def test_a_map_that_does_not_come():
    head = PFPHead(5, WIDTHS[:2], in_index=[1, 4], channels=2)
    with pytest.raises(ValueError, match=r'in_index=\[1, 4\].* of the 4 that'):
        head(maps_of(32, 32))
