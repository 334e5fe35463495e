"""The range of depth: one for head, data and metric, typed in one place."""

import re

import numpy as np
import pytest
from config_files import CONFIGS, chain, load
from depth_configs import ALL, DDAD, NYU_SWIN
from mmengine.config import Config
from mmseg.registry import DATASETS, METRICS


def ranges(cfg):
    """The range of each split's data, in metres."""
    for split in ('train', 'val', 'test'):
        data = cfg[f'{split}_dataloader'].dataset
        known = DATASETS.get(data.type).METAINFO['max_depth']
        yield data.get('metainfo', {}).get('max_depth', known)


@pytest.mark.parametrize('config', ALL)
def test_one_range_of_depth(config):
    cfg = load(config)
    top = cfg.model.decode_head.max_depth
    assert [*ranges(cfg)] == [top, top, top]
    metrics = []
    for evaluator in (cfg.val_evaluator, cfg.test_evaluator):
        listed = evaluator if isinstance(evaluator, list) else [evaluator]
        for config in listed:
            metrics += config.get('metrics', [config])
    for one in metrics:
        if one['type'] != 'xnet_mm.DepthProtocolMetric':
            continue
        metric = METRICS.build(one)
        metric.dataset_meta = dict(max_depth=top)
        # KITTI's devkit has no cap.
        assert metric.protocol.max_depth in (top, np.inf)
        assert (metric.protocol.max_depth == np.inf) == (
            one['protocol'] == 'kitti_official'
        )


@pytest.mark.parametrize('config', ALL)
def test_the_range_is_typed_once(config):
    typed = [
        (path.parent.name, float(number))
        for path in chain(CONFIGS / config)
        for number in re.findall(
            r'\bmax_depth\s*[=:]\s*([\d.]+)', path.read_text()
        )
    ]
    cfg = load(config)
    assert typed == [('datasets', cfg.model.decode_head.max_depth)]
    assert cfg.max_depth == cfg.model.decode_head.max_depth


@pytest.mark.parametrize('config', [NYU_SWIN, DDAD])
def test_another_range_by_the_two_options(config):
    """What the README and the error of the check name."""
    cfg = load(config)
    data = [
        f'{split}_dataloader.dataset' for split in ('train', 'val', 'test')
    ]
    options = {f'{place}.metainfo.max_depth': 6.5 for place in data}
    cfg.merge_from_dict({**options, 'model.decode_head.max_depth': 6.5})
    assert [*ranges(cfg)] == [6.5, 6.5, 6.5]
    assert cfg.model.decode_head.max_depth == 6.5


def test_another_range_in_a_child(tmp_path):
    child = tmp_path / 'mine.py'
    child.write_text(
        f"_base_ = '{CONFIGS / NYU_SWIN}'\n"
        'data = dict(dataset=dict(metainfo=dict(max_depth=6.5)))\n'
        'train_dataloader = val_dataloader = test_dataloader = data\n'
        'model = dict(decode_head=dict(max_depth=6.5))\n'
    )
    cfg = Config.fromfile(child)
    assert [*ranges(cfg)] == [6.5, 6.5, 6.5]
    assert cfg.model.decode_head.max_depth == 6.5
