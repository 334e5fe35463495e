"""MMEngine's EMAHook and EarlyStoppingHook, by the lines of docs/config.md."""

from pathlib import Path

import pytest
import tiny
import torch
from doc_examples import example_with
from mmengine.config import Config
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.registry import METRICS
from tool_runs import run_tool

from xnet_mm.fileio.checkpoint import load_checkpoint_file
from xnet_mm.visualization import SegPanelVisualizer

LINES = example_with('EMAHook')


@METRICS.register_module(force=True)
class Scripted(BaseMetric):
    """abs_rel as given, one value a validation."""

    def __init__(self, values):
        super().__init__()
        self.values = iter(values)

    def process(self, data_batch, data_samples):
        self.results.append(0)

    def compute_metrics(self, results):
        return dict(abs_rel=next(self.values))


class Record(Hook):
    """Keeps the weights after each iteration, and each validation's score."""

    def __init__(self):
        self.weights, self.scores = [], []

    def after_train_iter(self, runner, *args, **kwargs):
        weights = runner.model.state_dict()
        self.weights.append({k: v.clone() for k, v in weights.items()})

    def after_val_epoch(self, runner, metrics=None):
        self.scores.append(metrics['mIoU'])


def make(folder, work='work', lines=LINES, **changes):
    """A config of four iterations, two validations, and these lines."""
    data = folder / 'data'
    if not data.exists():
        tiny.write_tiny_seg(data)
    path = tiny.write_tiny_config(folder / 'config.py', data, extra=lines)
    cfg = Config.fromfile(path)
    cfg.merge_from_dict({'work_dir': str(folder / work), **changes})
    return cfg


def hook_of(cfg, kind):
    (hook,) = [h for h in cfg.custom_hooks if h.type == kind]
    return hook


@pytest.fixture(scope='module')
def averaged(tmp_path_factory):
    """A training with averaged weights, and what happened in it."""
    folder = tmp_path_factory.mktemp('averaged')
    cfg = make(folder)
    hook_of(cfg, 'EMAHook').momentum = 0.25
    hook_of(cfg, 'EarlyStoppingHook').min_delta = 0
    cfg.default_hooks.checkpoint.max_keep_ckpts = -1
    cfg.dump(folder / 'averaged.py')
    runner = tiny.run(cfg)
    record = Record()
    runner.register_hook(record, 'LOWEST')
    runner.train()
    return folder, cfg, record


def test_the_checkpoint_has_the_average(averaged):
    folder, _, record = averaged
    content = load_checkpoint_file(folder / 'work/iter_4.pth')
    average, *later = record.weights
    for weights in later:
        average = {
            k: a * 0.75 + weights[k] * 0.25
            if a.is_floating_point()
            else weights[k]
            for k, a in average.items()
        }
    for name, tensor in content['state_dict'].items():
        if 'running_' in name or 'num_batches' in name:
            continue  # of batch norm: the last, not an average
        torch.testing.assert_close(tensor, average[name])
        plain = content['ema_state_dict'][f'module.{name}']
        assert torch.equal(plain, record.weights[-1][name])


def test_what_was_validated_is_what_test_py_tests(averaged, monkeypatch):
    folder, _, record = averaged
    SegPanelVisualizer._instance_dict.clear()
    monkeypatch.setenv('LOCAL_RANK', '0')  # the tools set it: undo that
    found = []
    monkeypatch.setattr(
        'mmengine.hooks.LoggerHook.after_test_epoch',
        lambda hook, runner, metrics=None: found.append(metrics['mIoU']),
    )
    run_tool(
        *(monkeypatch, 'test.py', folder / 'averaged.py'),
        *(folder / 'work/iter_4.pth', '--work-dir', folder / 'tested'),
    )
    assert found == [record.scores[-1]]


def test_resumed_it_ends_alike(averaged):
    folder, cfg, _ = averaged
    again = cfg.copy()
    again.work_dir = str(folder / 'again')
    again.load_from, again.resume = str(folder / 'work/iter_2.pth'), True
    tiny.run(again).train()
    one, two = (
        load_checkpoint_file(folder / f'{name}/iter_4.pth')
        for name in ('work', 'again')
    )
    for part in ('state_dict', 'ema_state_dict'):
        assert one[part].keys() == two[part].keys()
        for name, tensor in one[part].items():
            assert torch.equal(tensor, two[part][name]), name


def test_stops_where_miou_gets_no_better(tmp_path):
    cfg = make(tmp_path, **{'train_cfg.val_interval': 1})
    stop = hook_of(cfg, 'EarlyStoppingHook')
    assert (stop.monitor, stop.rule) == ('mIoU', 'greater')
    stop.update(min_delta=1000, patience=2)
    runner = tiny.run(cfg)
    runner.train()
    assert runner.iter == 3  # the first is the best; then two more
    assert Path(runner.work_dir, 'last_checkpoint').is_file()


def test_stops_where_abs_rel_gets_no_less(tmp_path):
    lines = example_with("monitor='abs_rel'")
    cfg = make(tmp_path, lines=lines, **{'train_cfg.val_interval': 1})
    cfg.train_cfg.max_iters = 9
    hook_of(cfg, 'EarlyStoppingHook').patience = 2
    values = [0.3, 0.2, 0.1999, 0.25, 0.1, 0.1, 0.1, 0.1, 0.1]
    cfg.val_evaluator = dict(type='Scripted', values=values)
    cfg.default_hooks.checkpoint.update(save_best='abs_rel', rule='less')
    runner = tiny.run(cfg)
    runner.train()
    assert runner.iter == 4  # 0.2, then 0.1999 and 0.25
