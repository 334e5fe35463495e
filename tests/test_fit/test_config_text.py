"""The config that a fit writes: for MMEngine, and for people."""

import re

import numpy as np
import pytest
from mmengine.config import Config

from xnet_mm.fit.config_text import assign, comments, momentum, write_config
from xnet_mm.fit.folder.prepared import DepthStatistics, Prepared
from xnet_mm.fit.plan import begin_plan, with_pace
from xnet_mm.fit.schedule import Choice, Pace

NAMES = ("it's", '"quoted"', 'straße', 'x' * 70)


def prepared(tmp_path, task, test=False):
    def split(name):
        return dict(
            type='xnet_mm.FolderSegDataset',
            data_root=str(tmp_path / 'o\'clock "data"'),
            ann_file=f'{tmp_path}/{name}.txt',
            data_prefix=dict(img_path='images', seg_map_path='labels'),
            metainfo=dict(classes=[*NAMES]) if task != 'depth' else {},
        )

    is_depth = task == 'depth'
    return Prepared(
        folder=tmp_path,
        task=task,
        train=split('train'),
        val=split('val'),
        test=split('test') if test else None,
        counts=dict(train=30, val=5, test=2 if test else 0),
        image_size=(360, 480),
        classes=() if is_depth else NAMES,
        palette=() if is_depth else tuple((i, 2, 255) for i in range(4)),
        class_shares=None if is_depth else np.array([0.4, 0.3, 0.2, 0.1]),
        depth=DepthStatistics(0.4, 7.4, (1.0, 2.0, 6.0), 0.6)
        if is_depth
        else None,
    )


def written(tmp_path, data):
    plan = begin_plan(data, 'cpu', 16_000_000_000)
    plan = with_pace(plan, 10, 30, Pace(10, 1.0, 0.1), data.counts['val'])
    text = write_config(data, plan, ['30 images', 'a {brace} "quote"\nline'])
    path = tmp_path / 'config.py'
    path.write_text(text, encoding='utf-8')
    return text, Config.fromfile(path), plan


def test_labels(tmp_path):
    data = prepared(tmp_path, 'segmentation')
    text, cfg, plan = written(tmp_path, data)
    assert cfg.model.type == 'EncoderDecoder'
    head = cfg.model.decode_head
    assert head.num_classes == 4
    assert head.loss_decode[0].class_weight == plan.class_weights.value
    assert head.loss_decode[1].type == 'xnet_mm.LovaszSoftmaxLoss'
    assert cfg.model.neck.mix == 'stem'
    train = cfg.train_dataloader
    assert train.batch_size == 4
    assert train.sampler.type == 'InfiniteSampler'
    own = {**data.train, 'pipeline': cfg.train_pipeline}
    own['metainfo'] = dict(classes=NAMES, palette=data.palette)
    assert train.dataset.to_dict() == own
    assert cfg.val_dataloader.dataset.ann_file.endswith('val.txt')
    assert cfg.val_dataloader.dataset.test_mode
    assert cfg.test_dataloader == cfg.val_dataloader
    assert cfg.train_cfg.max_iters == cfg.param_scheduler[1].end == 418
    assert cfg.train_cfg.val_interval == plan.interval.value
    assert cfg.default_hooks.checkpoint.type == 'xnet_mm.SafeCheckpointHook'
    assert cfg.default_hooks.checkpoint.save_best == 'mIoU'
    kinds = [hook.type for hook in cfg.custom_hooks]
    assert kinds[0] == 'xnet_mm.AccelerateHook'
    assert kinds[-2:] == ['EMAHook', 'EarlyStoppingHook']
    assert cfg.val_evaluator.type == 'IoUMetric'
    assert 'a {brace} "quote"' in text


def test_depth(tmp_path):
    data = prepared(tmp_path, 'depth')
    _, cfg, _ = written(tmp_path, data)
    assert cfg.model.type == 'xnet_mm.MonoDepthEstimator'
    assert cfg.model.decode_head.max_depth == 8
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        assert loader.dataset.metainfo == dict(max_depth=8)
    assert cfg.val_evaluator.type == 'xnet_mm.DepthProtocolMetric'
    assert cfg.default_hooks.checkpoint.rule == 'less'
    assert cfg.custom_hooks[-1].monitor == 'abs_rel'


def test_a_test_split_is_tested(tmp_path):
    _, cfg, _ = written(tmp_path, prepared(tmp_path, 'depth', test=True))
    assert cfg.test_dataloader.dataset.ann_file.endswith('test.txt')
    assert cfg.val_dataloader.dataset.ann_file.endswith('val.txt')


@pytest.mark.parametrize('task', ['segmentation', 'depth'])
def test_it_reads_as_code(tmp_path, task):
    text, _, plan = written(tmp_path, prepared(tmp_path, task))
    long = [line for line in text.splitlines() if len(line) > 79]
    whole = re.compile(f'^weights|xxx|{tmp_path}')  # words and paths
    assert not [line for line in long if not whole.search(line)]
    assert text.count(plan.batch.reason) == 1
    assert '\n\n\n' not in text


def test_every_choice_has_its_reason():
    assert assign('a', Choice(1, 'short')) == 'a = 1  # short'
    reason = 'long ' * 20
    text = assign('a', Choice([1, 2], reason.strip()))
    assert text.splitlines()[-1] == 'a = [1, 2]'
    assert text.startswith('# Long long')
    assert text.splitlines()[-2].endswith('long.')
    numbers = assign('a', Choice([*range(40)], 'why'))
    assert numbers.startswith('# Why.\na = [\n    0, 1, 2,')
    assert numbers.endswith(' 39,\n]')


def test_comments_stay_comments():
    assert comments('a\nimport os') == '# a import os'


def test_weights_are_averaged_over_a_fiftieth():
    assert momentum(2500) == 0.02
    assert momentum(100) == 0.1
    assert momentum(1_000_000) == 2e-4
