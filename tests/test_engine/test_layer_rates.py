"""What a config may say of layer-wise rates, and what is refused."""

import math

import pytest
from mmengine.config import Config, ConfigDict
from mmseg.engine.optimizers import LearningRateDecayOptimizerConstructor

from xnet_mm.engine import (
    LayerDecayOptimWrapperConstructor,
    check_layer_decay,
)
from xnet_mm.engine.layer_rates import read_rates

ENCODERS = ('xnet_mm.PretrainedEncoder', 'xnet_mm.PretrainedPyramid')
OURS = 'LayerDecayOptimWrapperConstructor'


@pytest.mark.parametrize(
    ('cfg', 'rates'),
    [
        (dict(decay_rate=0.9), dict(encoder=0.9, decoder=0.9)),
        (dict(encoder=dict(decay_rate=1)), dict(encoder=1)),
        (
            dict(decay_rate=0.9, decoder=dict(decay_rate=0.8)),
            dict(encoder=0.9, decoder=0.8),
        ),
        (
            dict(decoder=dict(decay_rate=0.8), flat_decay_mult=0.0),
            dict(decoder=0.8),
        ),
    ],
)
def test_rates(cfg, rates):
    assert read_rates(cfg) == rates
    assert read_rates(ConfigDict(cfg)) == rates


@pytest.mark.parametrize('rate', [0, -0.5, 1.1, math.nan, None, '0.9', True])
def test_no_rates(rate):
    above = 'wanted a finite number above 0 and at most 1'
    with pytest.raises(
        ValueError, match=rf'cfg\.decay_rate={rate!r}; {above}'
    ):
        read_rates(dict(decay_rate=rate))
    with pytest.raises(
        ValueError, match=rf'cfg\.decoder\.decay_rate={rate!r}; {above}'
    ):
        read_rates(dict(decoder=dict(decay_rate=rate)))


@pytest.mark.parametrize(
    ('cfg', 'text'),
    [
        (None, r'paramwise_cfg has no rate; wanted decay_rate=0\.9 for both'),
        (dict(flat_decay_mult=0.0), 'has no rate; wanted'),
        ([0.9], r'paramwise_cfg=\[0\.9\]; wanted'),
        (dict(encoder=0.9), r'encoder=0\.9; wanted .*encoder=dict\(decay_'),
        (dict(encoder=dict()), r'encoder=\{\}; wanted'),
        (
            dict(encoder=dict(decay_rate=0.9, num_layers=12)),
            r"encoder=\{'decay_rate': 0\.9, 'num_layers': 12\}; wanted",
        ),
        (
            dict(decay_rate=0.9, num_layers=12),
            r'num_layers=12: LayerDecay.* finds the layers itself',
        ),
        (dict(decay_rate=0.9, decay_type='stage_wise'), 'decay_type=.stage_w'),
        (dict(layer_decay_rate=0.9), r'layer_decay_rate=0\.9: .*Leave it out'),
        (dict(decay_rat=0.9), 'decay_rat is unknown; it knows decay_rate'),
        (dict(decay_rate=0.9, neck=dict()), r'paramwise_cfg\.neck is unknown'),
    ],
)
def test_no_settings(cfg, text):
    with pytest.raises(ValueError, match=text):
        read_rates(cfg)
    with pytest.raises(ValueError, match=text):
        LayerDecayOptimWrapperConstructor(
            dict(optimizer=dict(type='SGD', lr=0.1)), cfg
        )


def config(constructor, backbone):
    model = dict(type='EncoderDecoder', backbone=dict(type=backbone))
    return Config(
        dict(model=model, optim_wrapper=dict(constructor=constructor))
    )


@pytest.mark.parametrize('backbone', ENCODERS)
@pytest.mark.parametrize(
    'constructor',
    [
        'LayerDecayOptimizerConstructor',
        'LearningRateDecayOptimizerConstructor',
        'mmpretrain.LearningRateDecayOptimWrapperConstructor',
    ],
)
def test_constructors_of_others(constructor, backbone):
    with pytest.raises(
        ValueError,
        match=rf"constructor='{constructor}' .*{backbone}.* Take constructor="
        rf"'xnet_mm\.{OURS}' and paramwise_cfg=dict\(decay_rate=",
    ):
        check_layer_decay(config(constructor, backbone))


def test_constructors_by_their_class():
    """As configs of Python's own imports have them."""
    cfg = config('', ENCODERS[0])
    cfg.optim_wrapper = dict(constructor=LearningRateDecayOptimizerConstructor)
    with pytest.raises(ValueError, match=rf'xnet_mm\.{OURS}'):
        check_layer_decay(cfg)
    cfg.optim_wrapper = dict(constructor=LayerDecayOptimWrapperConstructor)
    check_layer_decay(cfg)


@pytest.mark.parametrize('scope', ['', 'xnet_mm.', 'mmseg.'])
def test_ours_is_not_refused(scope):
    check_layer_decay(config(scope + OURS, ENCODERS[0]))


def test_rates_of_other_encoders_are_theirs():
    decay = 'LearningRateDecayOptimizerConstructor'
    check_layer_decay(config(decay, 'mmpretrain.ConvNeXt'))
    check_layer_decay(config('DefaultOptimWrapperConstructor', ENCODERS[0]))
    check_layer_decay(Config(dict(model=dict(type='X'))))
