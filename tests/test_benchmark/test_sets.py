"""Sets of models: what configs/benchmark.yml may say, and does."""

import pytest
import yaml
from tiny import CONFIGS

from xnet_mm.benchmark.sets import set_configs
from xnet_mm.benchmark.transformers_model import TransformersModel

SETS = yaml.safe_load((CONFIGS / 'benchmark.yml').read_text())
SMALL = 'camvid/xnet_effnet-lite0_effnet-lite0_1xb4-2k_camvid-192x256.py'


@pytest.mark.parametrize('name', SETS)
def test_every_model_of_the_sets_is_there(name):
    configs = set_configs(SETS[name], CONFIGS)
    assert [*configs] == [*SETS[name]['models']]
    assert {*SETS[name].get('options', {})} <= {*configs}
    assert all('type' in cfg.model for cfg in configs.values())


def test_the_three_forms_and_their_options():
    chosen = dict(
        models={
            'ours': SMALL,
            'theirs': {
                'mmseg': 'unet/unet-s5-d16_fcn_4xb4-160k_cityscapes-'
                '512x1024.py'
            },
            'other': {'transformers': 'DPTForDepthEstimation', 'config': {}},
        },
        options={
            'theirs': {'model.decode_head.num_classes': 7},
            'other': {'model.config.hidden_size': 32},
        },
    )
    ours, theirs, other = set_configs(chosen, CONFIGS).values()
    assert ours.model.backbone.type == 'xnet_mm.PretrainedEncoder'
    assert theirs.model.backbone.type == 'UNet'
    assert theirs.model.decode_head.num_classes == 7
    assert other.model.type is TransformersModel
    assert other.model.name == 'DPTForDepthEstimation'
    assert other.model.config == dict(hidden_size=32)


def test_some_of_a_set_in_the_order_of_the_names():
    chosen = dict(models=dict(A=SMALL, B=SMALL, C=SMALL))
    assert [*set_configs(chosen, CONFIGS, ['C', 'A'])] == ['C', 'A']
    with pytest.raises(SystemExit, match="'D': the set has no such model; "):
        set_configs(chosen, CONFIGS, ['A', 'D'])


@pytest.mark.parametrize(
    'source', [7, {'hub': 'a/b'}, {'transformers': 'X'}, None]
)
def test_another_form_is_refused(source):
    with pytest.raises(
        SystemExit, match=r'A: .*; wanted a path below configs'
    ):
        set_configs(dict(models=dict(A=source)), CONFIGS)
