"""Which settings of a model may differ between training and test."""

import copy

import pytest
from mmengine.config import Config

from xnet_mm import configs_dir
from xnet_mm.fileio.pairing_settings import (
    compares_settings,
    differing_settings,
    find_hook,
    saved_model_config,
)

SEGMENT = 'demo/xnet_effnet-lite0_effnet-lite0_1xb4-400_scenes-192x256.py'
DEPTH = 'demo/xnet_effnet-lite0_effnet-lite0_1xb4-120_scenes-depth-192x256.py'


def config(path=SEGMENT):
    return Config.fromfile(configs_dir() / path)


def compare(options, path=SEGMENT, swap=False):
    then, now = config(path), config(path)
    now.merge_from_dict(options)
    if swap:
        then, now = now, then
    return list(differing_settings(then.to_dict(), now))


@pytest.mark.parametrize('path', [SEGMENT, DEPTH])
def test_a_config_is_its_own(path):
    cfg = config(path)
    saved = saved_model_config(dict(meta=dict(cfg=cfg.pretty_text)))
    assert list(differing_settings(saved, cfg)) == []


@pytest.mark.parametrize('swap', [False, True])
@pytest.mark.parametrize(
    'options',
    [
        {'model.backbone.weights': None},
        {'model.neck.mix_init': 'random'},
        {'model.neck.with_cp': True},
        {'model.decode_head.loss_decode.type': 'FocalLoss'},
        {'model.decode_head.dropout_ratio': 0.3},
        {'model.decode_head.ignore_index': 0},
        {'model.decode_head.align_corners': False},  # its default
        {'model.decode_head.norm': 'RMSNorm'},
        {
            'model.test_cfg': dict(
                mode='slide', crop_size=(9, 9), stride=(9, 9)
            )
        },
        {'model.data_preprocessor.size': (64, 64)},
        {'model.data_preprocessor.mean': (127.5, 127.5, 127.5)},
        {'model.backbone.encoder': 'tf_efficientnet_lite0.in1k'},
        {
            'model.backbone.encoder': dict(
                _delete_=True, type='timm', model_name='tf_efficientnet_lite0'
            )
        },
        {'model.backbone.type': 'PretrainedEncoder'},
        {'model.auxiliary_head': dict(type='FCNHead')},
        {'custom_hooks': []},
    ],
    ids=str,
)
def test_what_does_not_change_the_prediction_may_differ(options, swap):
    assert compare(options, swap=swap) == []


@pytest.mark.parametrize('swap', [False, True])
@pytest.mark.parametrize(
    ('options', 'name'),
    [
        ({'model.data_preprocessor.mean': [1, 127.5, 127.5]}, 'mean.0'),
        ({'model.data_preprocessor.std': [1, 127.5, 127.5]}, 'std.0'),
        ({'model.data_preprocessor.bgr_to_rgb': False}, 'bgr_to_rgb'),
        ({'model.data_preprocessor.rgb_to_bgr': True}, 'rgb_to_bgr'),
        ({'model.neck.mix': None}, 'neck.mix'),
        ({'model.neck.act': 'GELU'}, 'neck.act'),
        ({'model.decode_head.act': 'GELU'}, 'decode_head.act'),
        ({'model.decode_head.out_stride': 4}, 'out_stride'),
        ({'model.decode_head.align_corners': True}, 'align_corners'),
        ({'model.backbone.input_scale': 0.5}, 'input_scale'),
        ({'model.backbone.encoder': 'resnet18'}, 'encoder.model_name'),
        ({'model.backbone.act_layer': 'silu'}, 'act_layer'),
        ({'model.backbone.type': 'mmseg.ResNet'}, 'backbone.type'),
        ({'model.type': 'xnet_mm.MonoDepthEstimator'}, 'model.type'),
    ],
    ids=str,
)
def test_what_changes_the_prediction_is_named(options, name, swap):
    (text,) = compare(options, swap=swap)
    assert name in text.split(' was ')[0]


@pytest.mark.parametrize(
    'options',
    [
        {'model.decode_head.max_depth': 80.0},
        {'model.decode_head.activation': 'exp'},
        {'model.decode_head.min_depth': 0.5},
    ],
    ids=str,
)
def test_the_head_of_depth(options):
    assert len(compare(options, DEPTH)) == 1


def test_the_preprocessor_may_lie_beside_the_model():
    cfg = config().to_dict()
    beside = copy.deepcopy(cfg)
    beside['data_preprocessor'] = beside['model'].pop('data_preprocessor')
    assert list(differing_settings(cfg, beside)) == []


def test_the_model_in_test_time_augmentation():
    cfg = config().to_dict()
    augmented = dict(model=dict(type='SegTTAModel', module=cfg['model']))
    assert list(differing_settings(cfg, augmented)) == []


def test_batch_norms_are_one():
    norms = [
        dict(model=dict(type='A', norm_cfg=dict(type=t, requires_grad=True)))
        for t in ('BN', 'SyncBN', 'GN')
    ]
    assert list(differing_settings(norms[0], norms[1])) == []
    (text,) = differing_settings(norms[0], norms[2])
    assert text == "model.norm_cfg.type was 'BN' in training, is 'GN' now"
    eps = dict(model=dict(type='A', norm_cfg=dict(type='BN', eps=1e-3)))
    assert len([*differing_settings(norms[0], eps)]) == 1


@pytest.mark.parametrize(
    'meta',
    [{}, None, dict(cfg=3), dict(cfg='import os'), dict(cfg='model = 3')],
)
def test_nothing_is_compared_where_nothing_is_said(meta):
    assert saved_model_config(dict(meta=meta)) is None


def test_a_type_of_a_stranger_is_not_imported():
    for name in ('antigravity', 'os.system', 'no.such'):
        then = dict(model=dict(type=name, a=1))
        now = dict(model=dict(type=name))
        assert len([*differing_settings(then, now)]) == 1


def test_a_config_may_switch_the_comparison_off():
    hook = dict(type='xnet_mm.CheckpointCheckHook')
    for hooks, wanted in (
        (None, True),
        ([], True),
        ([hook], True),
        ([dict(type='A'), dict(hook, settings=False)], False),
        ([dict(hook, type='CheckpointCheckHook', settings=False)], False),
    ):
        assert compares_settings(dict(custom_hooks=hooks)) == wanted
    assert find_hook(dict(custom_hooks=[hook]), 'Other') is None
