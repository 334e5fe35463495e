"""A resumed run draws what it would have drawn."""

import random

import numpy as np
import pytest
import tiny
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from xnet_mm.engine.seed_hook import SeededBatches, seed_iteration


def draw():
    return random.random(), np.random.rand(), torch.rand(()).item()


def test_seed_is_of_the_iteration():
    keys = [(0, 0, 5), (0, 0, 6), (0, 1, 5), (1, 0, 5), (0, 0, 5)]
    draws = []
    for key in keys:
        seed_iteration(*key)
        draws.append(draw())
    assert draws[0] == draws[4]
    for column in zip(*draws[:4], strict=True):
        assert len(set(column)) == 4


class Draws:
    """A data set of nothing but random numbers."""

    def __len__(self):
        return 12

    def __getitem__(self, index):
        return index, *draw()


def batches(num_workers, first):
    loader = DataLoader(
        Draws(), 2, sampler=range(2 * first, 12), num_workers=num_workers
    )
    SeededBatches(loader, seed=3, rank=1).first = first
    return [torch.stack(list(map(torch.as_tensor, b))) for b in loader]


def test_workers_draw_by_the_number_of_the_batch():
    expected = []
    for i in range(6):
        seed_iteration(3, 1, i)
        pairs = [(2 * i + k, *draw()) for k in range(2)]
        expected.append(torch.tensor(pairs, dtype=torch.float64).T)
    for num_workers, first in ((1, 0), (2, 0), (2, 3)):
        found = batches(num_workers, first)
        assert len(found) == 6 - first
        for a, b in zip(found, expected[first:], strict=True):
            torch.testing.assert_close(a, b, rtol=0, atol=0)


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return tiny.write_tiny_seg(tmp_path_factory.mktemp('seg'))


def train(root, folder, name, num_workers=0, hook=True, resume=None):
    """Train 4 iterations; the final weights."""
    path = tiny.write_tiny_config(folder / f'{name}.py', root)
    cfg = Config.fromfile(path)
    cfg.work_dir = str(folder / name)
    cfg.train_dataloader.num_workers = num_workers
    cfg.train_dataloader.persistent_workers = num_workers > 0
    cfg.default_hooks.checkpoint.max_keep_ckpts = -1
    if not hook:
        cfg.custom_hooks = []
    if resume:
        cfg.resume, cfg.load_from = True, str(resume)
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner.model.state_dict()


def assert_same(a, b):
    for key in a:
        torch.testing.assert_close(a[key], b[key], rtol=0, atol=0)


def test_resumed_run_ends_as_the_whole_one(root, tmp_path):
    whole = train(root, tmp_path, 'whole', num_workers=0)
    middle = tmp_path / 'whole' / 'iter_2.pth'
    assert_same(whole, train(root, tmp_path, 'same', resume=middle))
    # Neither does it depend on the number of workers.
    assert_same(
        whole,
        train(root, tmp_path, 'workers', num_workers=2, resume=middle),
    )


@pytest.mark.heavy
def test_without_the_hook_it_does_not(root, tmp_path):
    whole = train(root, tmp_path, 'bare', hook=False)
    resumed = train(
        root,
        tmp_path,
        'bare-resumed',
        hook=False,
        resume=tmp_path / 'bare' / 'iter_2.pth',
    )
    with pytest.raises(AssertionError):
        assert_same(whole, resumed)
