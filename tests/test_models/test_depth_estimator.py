"""Depth heads and the estimator: ranges, losses, every way of inference."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import nn

from xnet_mm.models.depth_heads import DepthOutput

PREPROCESSOR = dict(
    type='xnet_mm.DepthDataPreProcessor',
    mean=[127.5] * 3,
    std=[127.5] * 3,
    bgr_to_rgb=True,
    pad_val=0,
)
XNET = dict(
    type='xnet_mm.MonoDepthEstimator',
    data_preprocessor=PREPROCESSOR,
    backbone=dict(type='xnet_mm.PretrainedEncoder', encoder='convnext_atto'),
    neck=dict(
        type='xnet_mm.PretrainedReversedDecoder', decoder='convnext_atto'
    ),
    decode_head=dict(
        type='xnet_mm.PFPDepthHead', channels=8, pyramid_channels=8
    ),
)
PEERS = {
    'UPerDepthHead': dict(norm_cfg=dict(type='BN'), dropout_ratio=0.0),
    'DPTDepthHead': dict(dropout_ratio=0.0),
}


def xnet(**test_cfg):
    return MODELS.build(dict(copy.deepcopy(XNET), test_cfg=test_cfg)).eval()


def peer(head):
    cfg = copy.deepcopy(XNET)
    cfg.pop('neck')
    cfg['backbone'].update(type='xnet_mm.PretrainedPyramid')
    options = copy.deepcopy(PEERS[head])
    cfg['decode_head'] = dict(type=f'xnet_mm.{head}', channels=8, **options)
    return MODELS.build(cfg)


def sample(truth=None, **meta):
    result = SegDataSample(metainfo=meta)
    if truth is not None:
        result.gt_depth_map = PixelData(data=truth)
    return result


class Rows(nn.Module):
    """Stands for the network: the depth of a pixel is its red channel."""

    def forward(self, image):
        return image[:, :1].abs() + 0.5


def stub(**test_cfg):
    """An estimator whose depth can be told from the image by hand."""
    model = xnet(**test_cfg)
    model.extract_feat = lambda image: image
    model.decode_head.predict = lambda image: Rows()(image)
    return model


class Probe(DepthOutput):
    """The smallest head: a probe on one map."""

    def forward(self, inputs):
        return self.cls_seg(inputs[-1])


def probe(**options):
    head = Probe(in_channels=2, channels=2, dropout_ratio=0.0, **options)
    nn.init.constant_(head.conv_seg.weight, 1)
    nn.init.zeros_(head.conv_seg.bias)
    return head


def test_activations():
    x = torch.tensor([-3.0, 0.0, 2.0]).reshape(1, 1, 1, 3)
    feature = torch.cat([x, torch.zeros_like(x)], 1)
    sigmoid = 1 / (1 + np.exp([3.0, 0.0, -2.0]))
    for options, wanted in (
        (dict(max_depth=80.0), 0.001 + 79.999 * sigmoid),
        (dict(activation='exp'), np.exp([-3.0, 0.0, 2.0])),
        (
            dict(activation='softplus'),
            np.log1p(np.exp([-3.0, 0.0, 2.0])) + 0.001,
        ),
    ):
        depth = probe(**options)([feature]).detach().flatten()
        np.testing.assert_allclose(depth, wanted, rtol=1e-5)


@pytest.mark.parametrize('activation', ['sigmoid', 'exp', 'softplus'])
def test_predictions_stay_in_range_for_any_feature(activation):
    feature = torch.tensor([-1e4, -50.0, 0.0, 50.0, 1e4])
    feature = feature.reshape(1, 1, 1, 5).expand(1, 2, 1, 5).clone()
    feature.requires_grad_()
    head = probe(activation=activation, max_depth=10.0)
    depth = head.predict([feature])
    assert depth.min() >= 0.001 - 1e-9
    assert depth.max() <= 10.0
    head([feature]).log().sum().backward()
    assert feature.grad.isfinite().all()


def test_bad_options():
    with pytest.raises(ValueError, match=r"'relu'.*'sigmoid', 'exp' or"):
        probe(activation='relu')
    with pytest.raises(ValueError, match=r'max_depth=0\b.*in metres'):
        probe(max_depth=0)
    with pytest.raises(ValueError, match=r"'slide_flip'.*flip='mean'"):
        xnet(mode='slide_flip')
    with pytest.raises(ValueError, match=r"flip=True; wanted 'none'"):
        xnet(flip=True)
    with pytest.raises(ValueError, match=r'needs crop_size=\(height, width\)'):
        xnet(mode='slide')
    with pytest.raises(ValueError, match=r'seg_pad_val=255.*padded with 0'):
        MODELS.build(dict(PREPROCESSOR, seg_pad_val=255))


def test_loss_counts_what_lies_in_the_range():
    head = probe(max_depth=10.0, min_depth=0.5)
    depth = torch.full((1, 1, 1, 4), 4.0)
    truth = torch.tensor([0.0, 0.5, 2.0, 10.0]).reshape(1, 1, 4)
    losses = head.loss_by_feat(depth, [sample(truth)])
    # One pixel: 10 sqrt(0.15 ln(2)^2), relative error 1.
    assert losses['loss_silog'].item() == pytest.approx(
        10 * (0.15 * np.log(2) ** 2 + 1e-6) ** 0.5, rel=1e-5
    )
    assert losses['abs_rel'].item() == pytest.approx(1.0)


def test_loss_of_a_smaller_map_and_two_losses():
    loss = dict(type='xnet_mm.ScaleInvariantLogLoss', loss_weight=1.0)
    head = probe(loss_decode=[loss, dict(loss, loss_name='loss_half')])
    depth = torch.rand(2, 1, 3, 4) + 1
    truth = torch.rand(2, 1, 6, 8) + 1
    losses = head.loss_by_feat(depth, [sample(t) for t in truth])
    wanted = head.loss_decode[0](
        F.interpolate(depth, scale_factor=2, mode='bilinear'),
        truth,
        truth > 0,
    )
    assert losses['loss_silog'].item() == pytest.approx(wanted.item())
    assert losses['loss_half'].item() == pytest.approx(wanted.item())


def test_image_without_truth_counts_for_nothing():
    head = probe()
    depth = torch.rand(2, 1, 4, 4) + 1
    truth = torch.rand(1, 4, 4) + 1
    both = head.loss_by_feat(depth, [sample(), sample(truth)])
    one = head.loss_by_feat(depth[1:], [sample(truth)])
    none = head.loss_by_feat(depth, [sample(), sample()])
    for key in ('loss_silog', 'abs_rel'):
        assert both[key].item() == pytest.approx(one[key].item())
        assert none[key].item() == 0


def test_nan_names_the_image():
    depth = torch.ones(2, 1, 2, 2)
    depth[1, 0, 0, 0] = float('nan')
    samples = [
        sample(torch.ones(1, 2, 2), img_path=f'rgb/{i}.jpg') for i in range(2)
    ]
    with pytest.raises(FloatingPointError, match=r'depth of rgb/1\.jpg\. Low'):
        probe().loss_by_feat(depth, samples)


@pytest.mark.parametrize('head', ['PFPDepthHead', *PEERS])
def test_train_step_reaches_every_parameter(head):
    torch.manual_seed(0)
    model = xnet() if head == 'PFPDepthHead' else peer(head)
    model.train()
    # An odd size: strides do not divide it.
    data = dict(
        inputs=[torch.randint(256, (3, 67, 94), dtype=torch.uint8)] * 2,
        data_samples=[sample(torch.rand(1, 67, 94) * 9) for _ in range(2)],
    )
    model.data_preprocessor.size = (67, 94)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
    losses = []
    for _ in range(3):
        batch = model.data_preprocessor(copy.deepcopy(data), training=True)
        loss, _ = model.parse_losses(model(**batch, mode='loss'))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name


@pytest.mark.parametrize('head', ['PFPDepthHead', *PEERS])
def test_test_step_gives_metres_at_the_original_size(head):
    model = (xnet() if head == 'PFPDepthHead' else peer(head)).eval()
    data = dict(
        inputs=[torch.randint(256, (3, 67, 94), dtype=torch.uint8)],
        data_samples=[sample(ori_shape=(134, 188), img_shape=(67, 94))],
    )
    (result,) = model.test_step(data)
    depth = result.pred_depth_map.data
    assert depth.shape == (1, 134, 188)
    assert depth.dtype == torch.float32
    assert depth.min() > 0
    assert depth.max() <= 10


def test_test_batch_of_several_sizes():
    model = xnet()
    images = [
        torch.randint(256, (3, *size), dtype=torch.uint8)
        for size in ((64, 96), (70, 64), (64, 96))
    ]

    def predict(some):
        samples = [sample(ori_shape=tuple(i.shape[1:])) for i in some]
        results = model.test_step(dict(inputs=some, data_samples=samples))
        return [r.pred_depth_map.data for r in results]

    for together, alone in zip(
        predict(images), [predict([i])[0] for i in images], strict=True
    ):
        torch.testing.assert_close(together, alone)


@pytest.mark.parametrize('direction', ['horizontal', 'vertical', 'diagonal'])
def test_padding_and_flip_are_undone(direction):
    model = stub()
    image = torch.rand(3, 6, 8)
    dims = dict(horizontal=[2], vertical=[1], diagonal=[1, 2])[direction]
    seen = F.pad(image.flip(dims), (0, 2, 0, 4))
    (result,) = model.predict(
        seen[None],
        [
            sample(
                ori_shape=(6, 8),
                flip=True,
                flip_direction=direction,
                img_padding_size=(0, 2, 0, 4),
            )
        ],
    )
    torch.testing.assert_close(result.pred_depth_map.data, image[:1] + 0.5)


def test_slide_is_the_mean_over_windows():
    model = stub(mode='slide', crop_size=(4, 6), stride=(3, 4))
    image = torch.rand(2, 3, 9, 13)
    # Depth that differs from window to window: the window's own maximum.
    model.decode_head.predict = lambda x: (
        torch.ones_like(x[:, :1]) * x[:, :1].amax((2, 3), keepdim=True)
    )
    total, count = np.zeros((2, 9, 13)), np.zeros((9, 13))
    for y in (0, 3, 5):
        for x in (0, 4, 7):
            window = image[:, 0, y : y + 4, x : x + 6].numpy()
            peak = window.max((1, 2), keepdims=True)
            total[:, y : y + 4, x : x + 6] += peak
            count[y : y + 4, x : x + 6] += 1
    np.testing.assert_allclose(
        model.inference(image)[:, 0], total / count, rtol=1e-6
    )


def test_slide_over_an_image_smaller_than_the_window_is_whole():
    image = torch.rand(1, 3, 64, 96)
    torch.manual_seed(0)
    slide = xnet(mode='slide', crop_size=(128, 128), stride=(64, 64))
    whole = xnet(mode='whole')
    whole.load_state_dict(slide.state_dict())
    with torch.no_grad():
        torch.testing.assert_close(
            slide.inference(image), whole.inference(image)
        )


def test_flip_mean_and_blend():
    # A network that sees places: its depth rises from left to right.
    ramp = torch.linspace(1, 2, 41)

    def predict(image):
        return ramp.expand(len(image), 1, image.shape[2], 41)

    results = {}
    for flip in ('none', 'mean', 'blend'):
        model = stub(flip=flip)
        model.decode_head.predict = predict
        results[flip] = model.inference(torch.zeros(1, 3, 2, 41))[0, 0, 0]
    torch.testing.assert_close(results['none'], ramp)
    torch.testing.assert_close(results['mean'], torch.full((41,), 1.5))
    # 41 columns are 2.5 % apart: columns 0 to 2 lie within 5 % of the left
    # border, and the ramp 20 (x - 0.05) ends at 10 %, with column 4.
    wanted = torch.full((41,), 1.5)
    mirrored = ramp.flip(0)
    for column, share in ((0, 1.0), (1, 1.0), (2, 1.0), (3, 0.5)):
        other = 40 - column
        wanted[column] = share * mirrored[column] + (1 - share) * 1.5
        wanted[other] = share * ramp[other] + (1 - share) * 1.5
    torch.testing.assert_close(results['blend'], wanted)


def test_tta_is_the_mean_of_the_views():
    model = stub()
    tta = MODELS.build(dict(type='xnet_mm.DepthTTAModel', module=model))
    tta.module.data_preprocessor = nn.Identity()
    image = torch.rand(3, 4, 6)
    views = dict(
        inputs=[[image], [image.flip(2) * 3]],
        data_samples=[
            [sample(torch.ones(1, 4, 6), ori_shape=(4, 6))],
            [
                sample(
                    torch.ones(1, 4, 6),
                    ori_shape=(4, 6),
                    flip=True,
                    flip_direction='horizontal',
                )
            ],
        ],
    )
    model.test_step = lambda data: model.predict(
        torch.stack(data['inputs']), data['data_samples']
    )
    (result,) = tta.test_step(views)
    torch.testing.assert_close(result.pred_depth_map.data, 2 * image[:1] + 0.5)
    assert 'gt_depth_map' in result


def test_pyramid_is_the_encoders_own():
    import timm

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
