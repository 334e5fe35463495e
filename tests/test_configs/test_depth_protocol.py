"""The depth configs: which there are, padding, flips, SUN RGB-D."""

import re

import pytest
from config_files import CONFIGS, load
from depth_configs import ALL, DDAD, NYU_SWIN, PAPER, SUN
from mmseg.registry import MODELS

LEAVES = [leaf for leaf in ALL if not leaf.startswith('ablation/')]


def test_all_of_the_paper_is_there():
    shipped = [
        str(path.relative_to(CONFIGS))
        for folder in ('nyu', 'kitti', 'sunrgbd', 'ddad')
        for path in (CONFIGS / folder).glob('xnet_*.py')
    ]
    assert sorted(shipped) == sorted(PAPER)


@pytest.mark.parametrize('config', LEAVES)
def test_padding_is_no_depth_and_nothing_is_about_classes(config):
    cfg = load(config)
    text = re.sub(r'\s', '', str(cfg._cfg_dict))
    assert "'seg_pad_val':255" not in text
    assert cfg.model.data_preprocessor.type == 'xnet_mm.DepthDataPreProcessor'
    assert MODELS.build(cfg.model.data_preprocessor).seg_pad_val == 0
    hooks = {hook['type'] for hook in cfg.custom_hooks}
    assert 'xnet_mm.IterationSeedHook' in hooks
    assert not hooks & {'xnet_mm.ClassCheckHook', 'EMAHook'}
    assert cfg.tta_model == dict(type='xnet_mm.DepthTTAModel')
    assert cfg.visualizer.type == 'xnet_mm.DepthPanelVisualizer'
    checkpoint = cfg.default_hooks.checkpoint
    assert checkpoint.type == 'xnet_mm.SafeCheckpointHook'
    best = 'silog' if 'kitti-official' in config else 'abs_rel'
    assert (checkpoint.save_best, checkpoint.rule) == (best, 'less')


def test_sun_rgbd_is_the_nyu_model():
    nyu, sun = load(NYU_SWIN)._cfg_dict, load(SUN)._cfg_dict
    padding = sun.model.data_preprocessor.pop('test_cfg')
    assert padding == dict(size_divisor=32)  # the sizes are odd ones
    differs = {k for k in {*nyu, *sun} if nyu.get(k) != sun.get(k)}
    assert differs == {'test_dataloader', 'test_evaluator'}
    data = sun.test_dataloader.dataset
    # Nothing is resized or cropped.
    assert [t['type'] for t in data.pipeline] == [
        'LoadImageFromFile',
        'xnet_mm.LoadDepth',
        'xnet_mm.PackDepthInputs',
    ]


@pytest.mark.parametrize('config', PAPER)
def test_flip_of_the_protocol(config):
    cfg = load(config)
    flip = 'none' if config == DDAD else 'mean'
    assert cfg.model.test_cfg == dict(mode='whole', flip=flip)
    flips = [
        t['prob']
        for t in cfg.train_dataloader.dataset.pipeline
        if t['type'] == 'xnet_mm.DepthRandomFlip'
    ]
    assert flips == ([] if config == DDAD else [0.5])
