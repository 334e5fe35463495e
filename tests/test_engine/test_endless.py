"""Loaders that never end, where something waits for their end."""

from pathlib import Path

import mmseg
import pytest
import tiny
from mmengine.config import Config
from mmengine.dataset import DefaultSampler, InfiniteSampler
from tool_runs import run_tool
from torch.utils.data import BatchSampler, DataLoader

from xnet_mm.engine.endless import is_endless
from xnet_mm.visualization import SegPanelVisualizer

STOCK = Path(mmseg.__file__).parent / '.mim/tools'
ENDLESS = dict(type='InfiniteSampler', shuffle=False)
FINITE = dict(type='DefaultSampler', shuffle=True)
BY_EPOCH = (
    dict(type='EpochBasedTrainLoop', max_epochs=2),
    dict(by_epoch=True, max_epochs=2),
)
EPOCHS = (
    r'EpochBasedTrainLoop, and the sampler of train_dataloader never ends'
    r".*sampler=dict\(type='DefaultSampler', shuffle=True\), or train by iter"
)


class BatchesForEver(BatchSampler):
    """As MMDetection's MultiSourceSampler: batches of its own."""

    def __init__(self):
        super().__init__(range(4), 2, False)

    def _infinite_indices(self):
        raise NotImplementedError


@pytest.mark.parametrize(
    ('options', 'endless'),
    [
        (dict(sampler=InfiniteSampler(range(4))), True),
        (dict(batch_sampler=BatchesForEver()), True),
        (
            dict(
                batch_sampler=BatchSampler(InfiniteSampler(range(4)), 2, True)
            ),
            True,
        ),
        (dict(sampler=DefaultSampler(range(4))), False),
        (dict(shuffle=True), False),
        (dict(batch_sampler=BatchSampler(range(4), 2, False)), False),
    ],
)
def test_which_loaders_never_end(options, endless):
    assert is_endless(DataLoader(range(4), **options)) is endless


@pytest.fixture
def cfg(tmp_path):
    """A config that trains two iterations, on the shipped runtime."""
    root = tiny.write_tiny_seg(tmp_path / 'data')
    path = tiny.write_tiny_config(tmp_path / 'config.py', root, iters=2)
    cfg = Config.fromfile(path)
    cfg.work_dir = str(tmp_path / 'work')
    return cfg


@pytest.mark.parametrize('train_cfg', BY_EPOCH)
def test_epochs_that_never_end_are_refused(cfg, train_cfg):
    cfg.train_cfg = train_cfg
    with pytest.raises(ValueError, match=EPOCHS):
        tiny.run(cfg).train()


@pytest.mark.parametrize('train_cfg', BY_EPOCH)
def test_epochs_that_end_are_trained(cfg, train_cfg):
    cfg.train_cfg = train_cfg
    cfg.train_dataloader.sampler = FINITE
    runner = tiny.run(cfg)
    runner.train()
    assert (runner.epoch, runner.iter) == (2, 6)  # 6 images, 2 a batch


def test_iterations_go_on_over_a_loader_that_ends(cfg):
    cfg.train_dataloader.sampler = FINITE
    runner = tiny.run(cfg)
    runner.train()
    assert runner.iter == 2


@pytest.mark.parametrize('step', ['train', 'val', 'test'])
def test_evaluations_that_never_end_are_refused(cfg, step):
    split = 'test' if step == 'test' else 'val'
    cfg[f'{split}_dataloader'] = dict(cfg.val_dataloader, sampler=ENDLESS)
    message = (
        rf'The sampler of {split}_dataloader never ends, .*Set '
        rf"{split}_dataloader.sampler=dict\(type='DefaultSampler', shuf"
    )
    runner = tiny.run(cfg)
    with pytest.raises(ValueError, match=message):
        getattr(runner, step)()
    assert runner.iter == 0


@pytest.mark.parametrize('script', [STOCK / 'train.py', 'train.py'])
def test_scripts_refuse_it(cfg, tmp_path, monkeypatch, script):
    cfg.train_cfg = BY_EPOCH[0]
    cfg.dump(tmp_path / 'by_epoch.py')
    monkeypatch.setenv('LOCAL_RANK', '0')  # the tools set it: undo that
    SegPanelVisualizer._instance_dict.clear()
    with pytest.raises((ValueError, SystemExit), match=EPOCHS):
        run_tool(monkeypatch, script, tmp_path / 'by_epoch.py')
