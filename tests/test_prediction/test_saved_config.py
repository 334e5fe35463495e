"""A config becomes `config.json`: one spelling, nothing of the training."""

import copy
import json

import numpy as np
import pytest
from mmengine.config import Config
from mmseg.models.segmentors import EncoderDecoder
from shared_models import SMALL, config_of

from xnet_mm.datasets.label_ids import file_ids
from xnet_mm.models import PFPHead
from xnet_mm.prediction.saved_config import (
    as_checkpoint,
    as_config,
    plain_config,
)


@pytest.fixture
def cfg():
    return config_of('segmentation', [dict(type='Resize', scale=(64, 48))])


def test_all_of_it(cfg):
    assert plain_config(cfg) == dict(
        model=dict(
            type='EncoderDecoder',
            data_preprocessor=dict(
                type='SegDataPreProcessor',
                mean=[127.5, 120, 110],
                std=[60.0] * 3,
                bgr_to_rgb=True,
                size=[64, 64],
            ),
            backbone=dict(
                type='xnet_mm.PretrainedEncoder',
                encoder=json.loads(json.dumps(SMALL)),
            ),
            neck=dict(
                type='xnet_mm.PretrainedReversedDecoder',
                decoder=json.loads(json.dumps(SMALL)),
            ),
            decode_head=dict(
                type='xnet_mm.PFPHead',
                num_classes=3,
                channels=4,
                pyramid_channels=8,
            ),
            test_cfg=dict(mode='whole'),
        ),
        test_pipeline=[
            dict(type='xnet_mm.LoadImage'),
            dict(type='Resize', scale=[64, 48]),
            dict(type='PackSegInputs'),
        ],
    )


def test_every_spelling_is_one(cfg):
    wanted = plain_config(cfg)
    other = copy.deepcopy(cfg.to_dict())
    other['default_scope'] = 'xnet_mm'
    other['model'].update(type=EncoderDecoder, auxiliary_head=[dict(x=1)])
    other['model']['decode_head'].update(
        type=PFPHead, num_classes=np.int64(3), loss_decode=None
    )
    other['model']['backbone']['type'] = 'PretrainedEncoder'
    other['model']['neck'].update(
        type='PretrainedReversedDecoder', _scope_='mmseg'
    )
    other['data_preprocessor'] = other['model'].pop('data_preprocessor')
    other['data_preprocessor']['type'] = 'mmseg.SegDataPreProcessor'
    other['test_pipeline'][0] = dict(
        type='xnet_mm.LoadImage', backend_args=None
    )
    other['test_pipeline'].insert(1, dict(type='LoadAnnotations'))
    found = plain_config(Config(other))
    assert found == wanted


def test_a_box_of_others(cfg):
    cfg.model.decode_head = dict(type='OCRHead', channels=3)
    with pytest.raises(ValueError, match=r"decode_head\.type='OCRHead' is no"):
        plain_config(cfg)


def test_back_to_a_config(cfg):
    plain = plain_config(cfg)
    found = as_config(json.loads(json.dumps(plain)))
    assert found.default_scope == 'mmseg'
    # mmcv wants tuples there, MMSegmentation takes lists.
    assert found.test_pipeline[1].scale == (64, 48)
    assert plain_config(found) == plain


def test_back_to_a_checkpoint():
    state = dict(a=1)
    config = dict(
        classes=['a', 'b', 'c'], palette=[[1, 2, 3]] * 3, ids=[6, 1, 7]
    )
    found = as_checkpoint(config, state)
    meta = found['meta']['dataset_meta']
    assert found['state_dict'] is state
    assert meta['classes'] == ('a', 'b', 'c')
    assert file_ids(meta).tolist() == [6, 1, 7]
    plain = as_checkpoint(dict(config, ids=[0, 1, 2], max_depth=3.0), {})
    assert plain['meta']['dataset_meta'] == dict(
        classes=('a', 'b', 'c'), palette=[[1, 2, 3]] * 3, max_depth=3.0
    )
    assert as_checkpoint({}, {})['meta'] == dict(dataset_meta={})
