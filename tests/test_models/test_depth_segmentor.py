"""Classes and depth in one pass: what two models of one task each give."""

import pytest
import tiny_both
import torch
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from tiny_boxes import PREPROCESSOR
from torch.testing import assert_close

from xnet_mm.benchmark.complexity import count_model
from xnet_mm.benchmark.subject import make_samples
from xnet_mm.fast import prepare_for_inference
from xnet_mm.models import DepthSegTTAModel

SLIDE = dict(mode='slide', crop_size=(64, 64), stride=(40, 40))


@pytest.fixture(scope='module')
def both():
    return tiny_both.build()


def passes(model):
    """How often encoder and decoder ran since."""
    calls = []
    for part in (model.backbone, model.neck):
        part.register_forward_hook(lambda *_: calls.append(1))
    return calls


@pytest.mark.parametrize('test_cfg', [dict(mode='whole'), SLIDE])
@torch.no_grad()
def test_predictions_are_those_of_two_models(test_cfg):
    """At an odd size; in whole and in sliding windows."""
    both = tiny_both.build(test_cfg=test_cfg)
    images, data = tiny_both.samples((70, 90))
    calls = passes(both)
    results = both.predict(images, data)
    windows = 1 if test_cfg['mode'] == 'whole' else 4
    assert len(calls) == 2 * windows
    classes, depth = (
        model.predict(images, tiny_both.samples((70, 90))[1])
        for model in tiny_both.singles(both)
    )
    for ours, seg, metres in zip(results, classes, depth, strict=True):
        assert_close(ours.seg_logits.data, seg.seg_logits.data)
        assert torch.equal(ours.pred_sem_seg.data, seg.pred_sem_seg.data)
        assert_close(ours.pred_depth_map.data, metres.pred_depth_map.data)
        assert ours.metainfo['max_depth'] == 8.0
        assert ours.pred_depth_map.data.shape == (1, 70, 90)


@torch.no_grad()
def test_padding_and_flip_are_undone_in_both(both):
    """The image was 60x80, mirrored, padded to 64x96, and 30x40 on disk."""
    images, _ = tiny_both.samples((64, 96), 1)
    meta = dict(
        img_shape=(60, 80),
        pad_shape=(64, 96),
        ori_shape=(30, 40),
        padding_size=[0, 16, 0, 4],
        flip=True,
        flip_direction='horizontal',
    )
    (result,) = both.predict(images, [SegDataSample(metainfo=meta)])
    for model, key in zip(
        tiny_both.singles(both),
        ('seg_logits', 'pred_depth_map'),
        strict=True,
    ):
        (wanted,) = model.predict(images, [SegDataSample(metainfo=meta)])
        assert_close(result.get(key).data, wanted.get(key).data)
        assert result.get(key).data.shape[-2:] == (30, 40)


def test_losses_are_those_of_two_models_and_all_parameters_learn():
    both = tiny_both.build().train()
    images, data = tiny_both.samples((64, 96))
    calls = passes(both)
    losses = both.loss(images, data)
    assert len(calls) == 2
    classes, depth = (
        model.train().loss(images, data) for model in tiny_both.singles(both)
    )
    wanted = classes | {
        key.replace('decode.', 'depth.'): value for key, value in depth.items()
    }
    assert set(wanted) == {
        'decode.loss_ce', 'decode.acc_seg', 'depth.loss_silog', 'depth.abs_rel'
    }  # fmt: skip
    for key, value in wanted.items():
        assert_close(losses[key], value, msg=key)
    total, _ = both.parse_losses(losses)
    assert_close(total, losses['decode.loss_ce'] + losses['depth.loss_silog'])
    total.backward()
    for name, parameter in both.named_parameters():
        assert parameter.grad is not None, name


def test_an_image_without_depth_counts_for_classes_alone(both):
    images, data = tiny_both.samples((64, 96))
    wanted = both.loss(images[:1], data[:1])['depth.loss_silog']
    del data[1].gt_depth_map
    losses = both.loss(images, data)
    assert_close(losses['depth.loss_silog'], wanted)


@torch.no_grad()
def test_an_auxiliary_head_stays_possible():
    head = dict(
        tiny_both.CLASSES, in_channels=[40], in_strides=[4], in_index=[0]
    )
    model = tiny_both.build(auxiliary_head=head).train()
    losses = model.loss(*tiny_both.samples((64, 96)))
    assert {'aux.loss_ce', 'decode.loss_ce', 'depth.loss_silog'} < set(losses)


def test_padding_of_each_truth():
    """Void where the class ids end, none where the depth does."""
    preprocessor = MODELS.build(
        dict(tiny_both.PREPROCESSOR, size=(6, 8), seg_pad_val=255)
    )
    data = []
    for _ in range(2):
        sample = SegDataSample()
        sample.gt_sem_seg = PixelData(data=torch.ones(1, 4, 5).long())
        sample.gt_depth_map = PixelData(data=torch.full((1, 4, 5), 3.0))
        data.append(sample)
    del data[1].gt_depth_map
    images = [torch.zeros(3, 4, 5).byte()] * 2
    done = preprocessor(dict(inputs=images, data_samples=data), True)
    labels = torch.full((1, 6, 8), 255)
    depth = torch.zeros(1, 6, 8)
    labels[:, :4, :5], depth[:, :4, :5] = 1, 3.0
    first, second = done['data_samples']
    assert torch.equal(first.gt_sem_seg.data, labels)
    assert torch.equal(first.gt_depth_map.data, depth)
    assert torch.equal(second.gt_sem_seg.data, labels)
    assert 'gt_depth_map' not in second
    assert done['inputs'].shape == (2, 3, 6, 8)


@torch.no_grad()
def test_views_are_averaged_in_both(both):
    """Softmax of each view, and metres; by hand."""
    views = []
    for i in range(2):
        _, (sample,) = tiny_both.samples((3, 4), 1)
        logits = torch.randn(5, 3, 4, generator=torch.manual_seed(i))
        sample.seg_logits = PixelData(data=logits)
        sample.pred_depth_map = PixelData(data=torch.full((1, 3, 4), 1.0 + i))
        views.append(sample)
    logits = [view.seg_logits.data for view in views]
    (merged,) = DepthSegTTAModel(module=both).merge_preds([views])
    wanted = sum(x.exp() / x.exp().sum(0) for x in logits).argmax(0)
    assert torch.equal(merged.pred_sem_seg.data, wanted[None])
    assert torch.equal(merged.pred_depth_map.data, torch.full((1, 3, 4), 1.5))
    assert 'gt_sem_seg' in merged and 'gt_depth_map' in merged
    assert 'seg_logits' not in merged


@torch.no_grad()
def test_prepared_and_in_half_precision_both_heads_run(both):
    images, data = tiny_both.samples((64, 96))
    logits, depth = both(images, mode='tensor')
    assert logits.shape == (2, 5, 64, 96) and depth.shape == (2, 1, 64, 96)
    plain = prepare_for_inference(tiny_both.build())
    for ours, wanted in zip(
        plain(images, mode='tensor'), (logits, depth), strict=True
    ):
        assert_close(ours, wanted, atol=1e-4, rtol=1e-4)
    half = prepare_for_inference(tiny_both.build(), torch.bfloat16)
    for head in (half.decode_head, half.depth_head):
        assert {p.dtype for p in head.parameters()} == {torch.bfloat16}
    (first, _) = half.predict(images, data)
    assert_close(first.pred_depth_map.data, depth[0], atol=0.2, rtol=0.05)


def test_benchmarks_make_both_truths_and_count_both_heads(both):
    image = torch.zeros(1, 3, 64, 96)
    (sample,) = make_samples(both, image)
    assert sample.gt_sem_seg.data.max() < 5
    assert 0 < sample.gt_depth_map.data.max() <= 8
    size = (64, 96)
    classes, depth = tiny_both.singles(both)
    shared = count_model(tiny_both.build(), size)
    alone = [count_model(model, size) for model in (classes, depth)]
    heads = [
        sum(p.numel() for p in head.parameters())
        for head in (both.decode_head, both.depth_head)
    ]
    assert shared.parameters == alone[0].parameters + heads[1]
    assert shared.macs < sum(one.macs for one in alone)
    assert shared.macs > max(one.macs for one in alone)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (
            dict(decode_head=tiny_both.DEPTH),
            'decode_head is a PFPDepthHead; wanted one for classes, as PFPHe',
        ),
        (
            dict(depth_head=tiny_both.CLASSES),
            'depth_head is a PFPHead; wanted one for depth, as PFPDepthHead',
        ),
        (
            dict(test_cfg=dict(mode='whole', flip='mean')),
            'test_cfg.flip is an option of MonoDepthEstimator',
        ),
        (
            dict(test_cfg=dict(SLIDE, stride=(80, 80))),
            'stride',
        ),
    ],
)
def test_what_cannot_be(changes, message):
    with pytest.raises(ValueError, match=message):
        tiny_both.build(**changes)


def test_the_preprocessor_of_depth_alone_is_told_from_it():
    """It would pad class ids with 0, the first class."""
    assert MODELS.build(PREPROCESSOR).seg_pad_val == 0
    assert MODELS.build(tiny_both.PREPROCESSOR).seg_pad_val == 255
