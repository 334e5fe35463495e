"""Depth heads: ranges, losses, and the peers' heads."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tiny_boxes import DEPTH_PEERS, depth_peer, depth_sample, estimator
from torch import nn

from xnet_mm.models import DPTDepthHead, PFPDepthHead, UPerDepthHead
from xnet_mm.models.depth_heads import DepthOutput


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
    with pytest.raises(ValueError, match=r'min_depth=9, max_depth=8; .*metre'):
        probe(min_depth=9, max_depth=8)
    with pytest.raises(ValueError, match=r'num_classes=5; depth has no class'):
        probe(num_classes=5)
    with pytest.raises(ValueError, match=r'loss_decode=\[\]; wanted one loss'):
        probe(loss_decode=[])
    with pytest.raises(ValueError, match=r'channels=0; wanted a whole number'):
        Probe(in_channels=2, channels=0)


@pytest.mark.parametrize('head', [DPTDepthHead, UPerDepthHead])
@pytest.mark.parametrize('widths', [[8, 0, 8, 8], 8, [8, 8, 8, 1.5]])
def test_maps_that_are_none(head, widths):
    with pytest.raises(ValueError, match=r'Head: in_channels=.*; wanted a li'):
        head(in_channels=widths, channels=8)


@pytest.mark.parametrize('key', ['max_depth', 'min_depth'])
@pytest.mark.parametrize('value', [0, -1.0, float('nan'), float('inf'), '8'])
def test_no_depth(key, value):
    with pytest.raises(ValueError, match=rf'{key}=.*; wanted a finite number'):
        probe(**{key: value})


def test_loss_counts_what_lies_in_the_range():
    head = probe(max_depth=10.0, min_depth=0.5)
    depth = torch.full((1, 1, 1, 4), 4.0)
    truth = torch.tensor([0.0, 0.5, 2.0, 10.0]).reshape(1, 1, 4)
    losses = head.loss_by_feat(depth, [depth_sample(truth)])
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
    losses = head.loss_by_feat(depth, [depth_sample(t) for t in truth])
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
    both = head.loss_by_feat(depth, [depth_sample(), depth_sample(truth)])
    one = head.loss_by_feat(depth[1:], [depth_sample(truth)])
    none = head.loss_by_feat(depth, [depth_sample(), depth_sample()])
    for key in ('loss_silog', 'abs_rel'):
        assert both[key].item() == pytest.approx(one[key].item())
        assert none[key].item() == 0


@pytest.mark.parametrize('known', [True, False])
def test_nan_shows_in_what_is_logged(known):
    """FiniteCheckHook looks there; pixels without truth are no exception."""
    depth = torch.ones(1, 1, 2, 2)
    depth[0, 0, 0, 0] = float('nan')
    truth = torch.ones(1, 2, 2)
    truth[0, 0, 0] = known
    losses = probe().loss_by_feat(depth, [depth_sample(truth)])
    assert losses['loss_silog'].isnan() == known
    assert losses['abs_rel'].isnan()


@pytest.mark.parametrize('head', ['PFPDepthHead', *DEPTH_PEERS])
def test_train_step_reaches_every_parameter(head):
    torch.manual_seed(0)
    model = estimator() if head == 'PFPDepthHead' else depth_peer(head)
    model.train()
    # An odd size: strides do not divide it.
    data = dict(
        inputs=[torch.randint(256, (3, 67, 94), dtype=torch.uint8)] * 2,
        data_samples=[
            depth_sample(torch.rand(1, 67, 94) * 9) for _ in range(2)
        ],
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


@pytest.mark.parametrize('training', [True, False])
def test_pfp_depth_head_is_the_probe_of_pfp_in_metres(training):
    torch.manual_seed(0)
    head = PFPDepthHead(
        in_channels=[3, 4],
        channels=8,
        pyramid_channels=8,
        max_depth=80.0,
        min_depth=0.5,
    ).train(training)
    for parameter in head.parameters():
        nn.init.normal_(parameter, std=0.5)
    maps = [torch.randn(2, 3, 6, 8), torch.randn(2, 4, 3, 4)]
    x = head.conv_seg(head.pfp(maps))
    assert x.shape == (2, 1, 24, 32)
    torch.testing.assert_close(
        head(maps), 0.5 + 79.5 / (1 + torch.exp(-x)), rtol=1e-5, atol=1e-5
    )


def test_peers_take_over_the_widths_of_the_pyramid():
    dpt = depth_peer('DPTDepthHead').decode_head
    assert [c.in_channels for c in dpt.convs] == [40, 80, 160, 320]
    uper = depth_peer('UPerDepthHead').decode_head
    assert uper.in_channels == [40, 80, 160, 320]
    assert uper.in_index == [0, 1, 2, 3]


def test_dpt_doubles_the_first_maps_size():
    head = depth_peer('DPTDepthHead').decode_head.eval()
    maps = [
        torch.randn(1, c, *size)
        for c, size in zip(
            (40, 80, 160, 320),
            [(17, 24), (9, 12), (5, 6), (3, 3)],
            strict=True,
        )
    ]
    assert head(maps).shape == (1, 1, 34, 48)
