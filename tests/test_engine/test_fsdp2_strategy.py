"""Split over two processes, a training ends as in one."""

import json
import sys

import cv2
import pytest
import tiny
import torch
from launches import REPO, TORCHRUN, launch
from needs import needs_torch

from xnet_mm.fileio.checkpoint import load_checkpoint_file

pytestmark = [needs_torch('2.6', 'FSDP2Strategy'), pytest.mark.heavy]
TRAIN = REPO / 'tools/train.py'
# Images of two sizes: the two processes then take different numbers of
# sliding windows. Clipping, weight decay and rates by layer are what a split
# model easily breaks.
MODEL = """
train_dataloader['dataset']['pipeline'] = load + [
    dict(type='Resize', scale=(64, 48)), dict(type='PackSegInputs')]
val_dataloader['batch_size'] = 1
default_hooks['checkpoint']['max_keep_ckpts'] = -1
model = dict(
    type='EncoderDecoder', data_preprocessor=model['data_preprocessor'],
    backbone=dict(
        type='xnet_mm.PretrainedEncoder', encoder='test_convnext'),
    neck=dict(
        type='xnet_mm.PretrainedReversedDecoder', decoder='test_convnext'),
    decode_head=dict(
        type='xnet_mm.PFPHead', num_classes=3,
        loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=False)),
    train_cfg=dict(),
    test_cfg=dict(mode='slide', crop_size=(32, 32), stride=(32, 32)))
optim_wrapper = dict(
    type='OptimWrapper', clip_grad=dict(max_norm=0.1),
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=1.0),
    constructor='xnet_mm.LayerDecayOptimWrapperConstructor',
    paramwise_cfg=dict(decay_rate=0.9))
"""
FSDP = """
custom_imports = dict(imports=['shares'])
custom_hooks = [
    dict(type='xnet_mm.AccelerateHook'),
    dict(type='xnet_mm.IterationSeedHook'), dict(type='Shares'),
    dict(type='xnet_mm.ResumeSettingsHook'),
    dict(type='xnet_mm.StopOnSignalHook')]
runner_type = 'FlexibleRunner'
strategy = dict(type='xnet_mm.FSDP2Strategy')
"""
SHARES = """
import json
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

@HOOKS.register_module()
class Shares(Hook):
    def before_train(self, runner):
        counts = {
            name: [p.to_local().numel(), p.numel()]
            for name, p in runner.model.named_parameters()}
        with open(f'{runner.work_dir}/shares{runner.rank}.json', 'w') as file:
            json.dump(counts, file)
"""


def train(config, processes, work_dir, *options):
    tool = [TRAIN, config, '--work-dir', work_dir, *options]
    if processes > 1:
        command = [*TORCHRUN, processes, *tool, '--launcher', 'pytorch']
    else:
        command = [sys.executable, *tool]
    folder = config.parent
    return launch(*command, cwd=folder, path=[folder])


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    """Folder with the work dirs `one`, `two` and `resumed`."""
    folder = tmp_path_factory.mktemp('fsdp')
    root = tiny.write_tiny_seg(folder / 'seg')
    for kind in ('images', 'labels'):
        for i in (1, 3, 5):
            path = str(root / kind / f'{i}.png')
            cv2.imwrite(path, cv2.imread(path, -1)[:32, :32])
    (folder / 'shares.py').write_text(SHARES)
    common = dict(iters=6, interval=3)
    one = tiny.write_tiny_config(
        folder / 'one.py', root, batch=2, extra=MODEL, **common
    )
    two = tiny.write_tiny_config(
        folder / 'two.py', root, batch=1, extra=MODEL + FSDP, **common
    )
    for done in (
        train(one, 1, folder / 'one'),
        train(two, 2, folder / 'two'),
        train(
            two, 2, folder / 'resumed', '--resume', folder / 'two/iter_3.pth'
        ),
    ):
        assert done.returncode == 0, done.stderr[-10000:]
    return folder


def weights(path):
    return load_checkpoint_file(path)['state_dict']


def test_weights_of_one_process(runs):
    start = weights(runs / 'one/iter_3.pth')
    one, two = (weights(runs / n / 'iter_6.pth') for n in ('one', 'two'))
    assert list(one) == list(two)
    for key, value in one.items():
        assert type(two[key]) is torch.Tensor
        torch.testing.assert_close(two[key], value, rtol=1e-3, atol=2e-5)
    assert any((one[k] - start[k]).abs().max() > 1e-4 for k in one)


def test_validation_by_windows_is_that_of_one_process(runs):
    found = []
    for name in ('one', 'two'):
        [log] = (runs / name).glob('*/vis_data/scalars.json')
        lines = map(json.loads, log.read_text().splitlines())
        found.append([line['mIoU'] for line in lines if 'mIoU' in line])
    assert found[0] == pytest.approx(found[1]) and len(found[0]) == 2


def test_each_process_keeps_half_of_each_block(runs):
    shares = [
        json.loads((runs / 'two' / f'shares{rank}.json').read_text())
        for rank in (0, 1)
    ]
    for name, (mine, whole) in shares[0].items():
        assert mine + shares[1][name][0] == whole
    total = sum(whole for _, whole in shares[0].values())
    for share in shares:
        # Rows are dealt out: of three classes one process has two.
        kept = sum(mine for mine, _ in share.values())
        assert kept == pytest.approx(total / 2, rel=0.02)


def test_resumed_ends_as_uninterrupted(runs):
    whole, resumed = (
        weights(runs / name / 'iter_6.pth') for name in ('two', 'resumed')
    )
    for key, value in whole.items():
        torch.testing.assert_close(resumed[key], value, rtol=0, atol=1e-6)


def test_one_process_is_refused(runs):
    done = train(runs / 'two.py', 1, runs / 'refused')
    assert done.returncode
    assert 'start with tools/dist_train.sh CONFIG PROCESSES' in done.stderr
