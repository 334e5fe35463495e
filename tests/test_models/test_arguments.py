"""Arguments that no model can be built with, in one sentence."""

import math

import numpy as np
import pytest
from mmengine.config import ConfigDict
from mmengine.model import ImgDataPreprocessor
from mmseg.registry import MODELS

from xnet_mm import models
from xnet_mm.models.arguments import (
    check_count,
    check_counts,
    check_index,
    check_layer,
    check_loss_name,
    check_model_config,
    check_number,
    check_own_options,
    check_windows,
    describe_close,
)


@pytest.mark.parametrize('value', [1, 150, np.int64(3)])
def test_counts(value):
    check_count('x', value)
    check_counts('x', (value, 1))


@pytest.mark.parametrize(
    'value', [0, -1, 1.0, 1.5, None, True, '3', math.nan, math.inf, [1]]
)
def test_no_counts(value):
    with pytest.raises(
        ValueError, match=r'^x=.*; wanted a whole number of at'
    ):
        check_count('x', value)
    for values in ([1, value], value, '12', [], {}):
        if values != [1]:
            with pytest.raises(
                ValueError, match=r'^x=.*; wanted a list of wh'
            ):
                check_counts('x', values)


def test_numbers():
    for value in (1e-9, 3, np.float32(2.5)):
        check_number('x', value)
    check_number('x', 0, or_equal=True)
    check_number('x', 1.0, 0, 1)
    for value in (0, -1, math.nan, math.inf, None, True, '1', 1j):
        with pytest.raises(
            ValueError, match=r'^x=.*; .* finite .* above 0\.$'
        ):
            check_number('x', value)
    with pytest.raises(ValueError, match=r'of at least 0 and at most 1\.$'):
        check_number('x', 1.1, 0, 1, or_equal=True)


def test_positions():
    check_index('x', [0, -1, 3], 4)
    check_index('x', (7,))
    for index in (2, '01', [1.0], [True], [None]):
        with pytest.raises(
            ValueError, match=r'^x=.*positions of maps, from 0'
        ):
            check_index('x', index)
    for index in ([4], [-5], [0, 9]):
        with pytest.raises(
            ValueError, match=r'from 0, of the 4 that there ar'
        ):
            check_index('x', index, 4)


def test_layers():
    check_layer('act', 'SiLU')
    check_layer('norm', 'LayerNorm')
    with pytest.raises(ValueError, match=r"^act='Silu'; .*; it knows SiLU, "):
        check_layer('act', 'Silu')
    with pytest.raises(ValueError, match=r"^act='init'; wanted the name of a"):
        check_layer('act', 'init')  # a module of torch.nn, but no layer


@pytest.mark.parametrize('name', ['silog', 'Loss', ''])
def test_names_that_are_not_summed(name):
    check_loss_name('x', 'loss_silog')
    check_loss_name('x', 'aux_loss')
    with pytest.raises(
        ValueError,
        match=f"^x='{name}'; MMEngine adds up what has 'loss' in its",
    ):
        check_loss_name('x', name)


def slide(**options):
    return ConfigDict(
        {'mode': 'slide', 'crop_size': (32, 48), 'stride': (16, 48), **options}
    )


def test_windows():
    check_windows(slide())
    check_windows(slide(stride=[32, 1]))
    check_windows(None)
    check_windows(ConfigDict(mode='whole', stride=(9, 9), crop_size=(1, 1)))
    check_windows({})


@pytest.mark.parametrize(
    'options',
    [
        dict(stride=(33, 48)),
        dict(stride=(1, 49)),
        dict(stride=(0, 16)),
        dict(stride=(16, -1)),
        dict(stride=16),
        dict(stride=(16,)),
        dict(stride=(16, 16, 16)),
        dict(stride=(16.0, 16.0)),
        dict(stride=None),
        dict(crop_size=None),
        dict(crop_size=(0, 0)),
        dict(crop_size='32'),
    ],
)
def test_windows_that_cannot_slide(options):
    with pytest.raises(
        ValueError,
        match=r"test_cfg\.mode='slide' needs crop_size=\(height, width\) and "
        r'stride=.*; got crop_size=.*, stride=',
    ):
        check_windows(slide(**options))


def test_an_unknown_mode():
    with pytest.raises(ValueError, match=r"mode='sldie'; wanted 'whole' or "):
        check_windows(slide(mode='sldie'))


def test_channels():
    check_own_options('m', dict(depth=7))
    for options in (dict(in_channels=4), dict(in_chans=3)):
        with pytest.raises(
            ValueError,
            match=r'^m: in_ch.*=\d is an option of the model in it\. A model '
            r'of N channels: encoder=dict\(.*in_chans=N',
        ):
            check_own_options('m', options)


def test_means_that_the_stock_preprocessor_does_not_take():
    """OneDL's says so by an AssertionError; OpenMMLab's takes any number."""
    kind = MODELS.get('SegDataPreProcessor')
    config = dict(type='SegDataPreProcessor', mean=[1.0] * 5, std=[1.0] * 5)
    if issubclass(kind, ImgDataPreprocessor):
        for named in (config, dict(config, type=kind)):
            with pytest.raises(
                ValueError,
                match=r'takes one or three means, and there are 5\..*xnet_mm\.'
                'MultiChannelDataPre',
            ):
                check_model_config(dict(type='X', data_preprocessor=named))
    ours = dict(config, type='xnet_mm.MultiChannelDataPreProcessor')
    for good in (ours, dict(config, mean=[1.0] * 3), dict(type='X')):
        check_model_config(dict(type='Y', data_preprocessor=good))


def test_close_names():
    known = ['SiLU', 'GELU', 'ReLU', 'Linear']
    assert describe_close('silu', known).startswith('; it knows SiLU')
    assert describe_close('qqq', known) == ''


@pytest.mark.parametrize('value', [-1, 0, 1.5, None, '19'])
@pytest.mark.parametrize('key', ['decode_head', 'auxiliary_head'])
def test_numbers_of_classes_of_any_head(key, value):
    good, bad = dict(type='FCNHead', num_classes=2), dict(num_classes=value)
    message = rf'^model\.{key}\.num_classes=.*; wanted a whole number of at'
    for heads in (bad, [good, bad]):
        with pytest.raises(ValueError, match=message):
            check_model_config({'type': 'X', 'decode_head': good, key: heads})
    heads = [good, dict(type='x')]
    check_model_config({'type': 'X', 'decode_head': good, key: heads})
    check_model_config(dict(type='X', decode_head=None))


@pytest.mark.parametrize('prefix', ['xnet_mm.', ''])
@pytest.mark.parametrize('name', ['PretrainedEncoder', 'PretrainedPyramid'])
def test_channels_of_our_encoders(prefix, name):
    assert getattr(models, name).__name__ == name
    backbone = dict(type=prefix + name, in_channels=4)
    with pytest.raises(ValueError, match=r'^model\.backbone: in_channels=4 '):
        check_model_config(dict(type='X', backbone=backbone))
    check_model_config(dict(type='X', backbone=dict(backbone, type='ResNet')))


@pytest.mark.parametrize('model', [None, 'EncoderDecoder', [dict(type='X')]])
def test_no_model(model):
    with pytest.raises(ValueError, match=r'model is .*, wanted model=dict\('):
        check_model_config(model)
