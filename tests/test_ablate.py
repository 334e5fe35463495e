"""Ablations: which runs are made, when, and what becomes of them."""

import os
import runpy
import signal
import sys
from argparse import ArgumentParser
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch
from mmengine.config import Config, DictAction

from xnet_mm.ablation import runner as ablation_runner
from xnet_mm.ablation.logs import read_log
from xnet_mm.ablation.plan import plan
from xnet_mm.datasets import DepthDataset, FolderSegDataset
from xnet_mm.visualization import SegPanelVisualizer

REPO = Path(__file__).resolve().parents[1]
# Takes the place of tools/train.py: logs at once what the config says.
FAKE = """
import fcntl, json, os, runpy, signal, sys
from pathlib import Path
config, folder = sys.argv[1], Path(sys.argv[3])
seed = int(sys.argv[-1].partition('=')[2])
cfg = runpy.run_path(config)
with open('started.txt', 'a') as file:
    print(Path(config).stem, seed, file=file)
print('arguments', *sys.argv[1:])
try:
    fcntl.flock((folder / 'lock').open('w'), fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    print('the lock is held')
if cfg.get('fails'):
    sys.exit('no such data')
vis = folder / '20260101_000000' / 'vis_data'
vis.mkdir(parents=True)
own = f"launcher = 'none'\\nrandomness = dict(seed={seed})\\n"
(vis / 'config.py').write_text(Path(config).read_text() + '\\n' + own)
lines = [dict(loss=1 / step, step=step) for step in (1, 2)]
if cfg.get('interrupts'):
    (vis / 'pid').write_text(str(os.getpid()))
    os.kill(os.getppid(), signal.SIGTERM)
    signal.pause()
if not cfg.get('unvalidated'):
    lines.append(dict(mIoU=cfg['figures'][seed], time=1.0, step=2))
(vis / 'scalars.json').write_text('\\n'.join(map(json.dumps, lines)))
"""
CONFIG = """
train_cfg = dict(max_iters=2)
val_cfg = dict(type='ValLoop')
default_hooks = dict(logger=dict(log_metric_by_epoch=False))
figures = [10, 20, 30]
"""


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.setenv('LOCAL_RANK', '0')  # plan() sets it: undo that
    monkeypatch.chdir(tmp_path)
    Path('train.py').write_text(FAKE)
    return tmp_path


def write_configs(**extra):
    """Configs by name; returns their paths."""
    for name, text in extra.items():
        Path(f'{name}.py').write_text(CONFIG + text)
    return [f'{name}.py' for name in extra]


def train(runs, jobs=1):
    """Problems of the runs, and how often a run got finished."""
    finished = []
    problems = ablation_runner.train(
        runs, Path('train.py'), jobs, lambda: finished.append(1)
    )
    return problems, len(finished)


def started():
    return Path('started.txt').read_text().splitlines()


def test_first_seed_of_every_config_first_and_nothing_twice():
    configs = write_configs(a='', b='')
    runs = plan(configs, [1, 0, 1], Path('work'), ['x.y=1', 'z=[1,2]'])
    assert train(runs) == ([], 4)
    assert started() == ['a 1', 'b 1', 'a 0', 'b 0']
    assert Path('work/b/seed-0/out.log').read_text().splitlines() == [
        'arguments b.py --work-dir work/b/seed-0 --resume --cfg-options '
        'x.y=1 z=[1,2] randomness.seed=0',
        'the lock is held',
    ]
    assert train(runs, jobs=2) == ([], 0)
    assert len(started()) == 4


def test_a_failed_run_is_shown_and_the_others_run():
    configs = write_configs(a='fails = 1', b='unvalidated = 1', c='')
    problems, finished = train(plan(configs, [0], Path('work')), jobs=2)
    assert finished == 1
    assert sorted(started()) == ['a 0', 'b 0', 'c 0']
    failed, unvalidated = sorted(problems)
    assert failed.startswith(
        'a, seed 0: exit status 1. The end of work/a/seed-0/out.log:\n'
    )
    assert failed.endswith('\n  no such data')
    assert 'b, seed 0: exit status 0, but no validation at 2' in unvalidated


def test_interrupted_trainings_are_stopped_and_go_on_later():
    (config,) = write_configs(a='interrupts = 1')
    runs = plan([config], [0], Path('work'))
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            train(runs)
    finally:
        signal.signal(signal.SIGTERM, before)
    (pid,) = Path('work').rglob('pid')
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
    lock = ablation_runner.lock(runs[0].folder)
    assert lock is not None
    problems = train(runs)[0]  # the lock is held here, as by another instance
    assert problems == ['a, seed 0: another instance is training it.']
    lock.close()
    pid.unlink()
    pid.with_name('config.py').unlink()
    pid.parent.rmdir()
    write_configs(a='')
    assert train(plan([config], [0], Path('work'))) == ([], 1)


def test_each_training_has_its_gpu_or_its_share_of_the_cores(monkeypatch):
    environments = ablation_runner.slot_environments
    monkeypatch.delenv('CUDA_VISIBLE_DEVICES', raising=False)
    monkeypatch.delenv('OMP_NUM_THREADS', raising=False)
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 0)
    monkeypatch.setattr(os, 'cpu_count', lambda: 7)
    assert environments(1) == [{}]
    assert environments(2) == [{'OMP_NUM_THREADS': '3'}] * 2
    assert environments(9)[8] == {'OMP_NUM_THREADS': '1'}
    monkeypatch.setenv('OMP_NUM_THREADS', '5')
    assert environments(2) == [{}, {}]
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 2)
    gpus = [e['CUDA_VISIBLE_DEVICES'] for e in environments(3)]
    assert gpus == ['0', '1', '0']
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '6,3')
    gpus = [e['CUDA_VISIBLE_DEVICES'] for e in environments(2)]
    assert gpus == ['6', '3']


def test_plan_names_what_is_wrong():
    write_configs(
        a='',
        b='val_cfg = None',
        c='train_cfg = dict(epochs=1)',
        d='default_hooks = dict()',
    )
    Path('other').mkdir()
    Path('other/a.py').write_text(CONFIG)
    for configs, message in (
        (['no.py'], r'config not found: no\.py'),
        (['a.py', 'other/a.py'], 'two configs are called a'),
        (['b.py'], r'b\.py: has no validation \(val_cfg\)'),
        (['c.py'], r'c\.py: wanted a length in iterations'),
        (['d.py'], r'd\.py: .* Set default_hooks\.logger\.log_metric_by'),
    ):
        with pytest.raises(SystemExit, match=message):
            plan(configs, [0], Path('work'))


def test_runs_with_other_settings_are_refused():
    (config,) = write_configs(a='model = dict(neck=dict(mix=None), n=[1, 2])')
    assert train(plan([config], [0], Path('work')))[0] == []
    write_configs(a="model = dict(neck=dict(mix='image'), n=[1, 2])")
    with pytest.raises(SystemExit) as error:
        plan([config], [0, 1], Path('work'), ['lr=0.1'])
    assert str(error.value) == (
        'work/a/seed-0 holds a run of a with other settings:\n'
        "  lr: 'not set' in the run, 0.1 now\n"
        "  model.neck.mix: None in the run, 'image' now\n"
        'Runs of two kinds are not mixed: set the settings back, choose '
        'another --work-dir, or delete that folder.'
    )


def run_tool(monkeypatch, *args):
    """tools/ablate.py in this process."""
    argv = ['tools/ablate.py', *map(str, args)]
    monkeypatch.setattr(sys, 'argv', argv)
    before = signal.getsignal(signal.SIGTERM)
    try:
        runpy.run_path(str(REPO / 'tools/ablate.py'), run_name='__main__')
    finally:
        signal.signal(signal.SIGTERM, before)


def test_names_of_the_command_line_are_checked(monkeypatch, capsys):
    configs = write_configs(a='', b='')
    for args, message in (
        (['--baseline', 'c.py'], 'c.py is compared with, but not among'),
        (['--pair', 'a.py', 'd.py'], 'd.py is compared with, but not among'),
        (['--jobs', '0'], '--jobs 0: wanted 1 or more'),
    ):
        with pytest.raises(SystemExit):
            run_tool(monkeypatch, *configs, *args)
        assert message in capsys.readouterr().err


STOPPER = """
import os
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

@HOOKS.register_module()
class StopByName(Hook):
    def after_train_iter(self, runner, **kwargs):
        name = os.environ.get('STOP', '-')
        if runner.experiment_name.startswith(name) and runner.iter == 2:
            raise RuntimeError('the light went out')
"""
USE_STOPPER = """
custom_imports = dict(imports=['stop_by_name'])
custom_hooks = [
    dict(type='xnet_mm.IterationSeedHook'), dict(type='StopByName')]
default_hooks['logger']['log_metric_by_epoch'] = False
"""


def train_here(monkeypatch, run):
    """tools/train.py in this process."""
    SegPanelVisualizer._instance_dict.clear()
    monkeypatch.setattr(sys, 'argv', ['train.py', *run.arguments()])
    runpy.run_path(str(REPO / 'tools/train.py'), run_name='__main__')


def test_resumed_run_ends_as_uninterrupted(tmp_path, monkeypatch):
    (tmp_path / 'stop_by_name.py').write_text(STOPPER)
    monkeypatch.syspath_prepend(tmp_path)
    paths = [str(tmp_path), str(REPO), os.environ.get('PYTHONPATH', '')]
    monkeypatch.setenv('PYTHONPATH', os.pathsep.join(filter(None, paths)))
    monkeypatch.setenv('OMP_NUM_THREADS', '1')
    root = tiny.write_tiny_seg(tmp_path / 'seg', num=2)
    configs = [
        str(
            tiny.write_tiny_config(
                tmp_path / f'{name}.py', root, iters=4, extra=USE_STOPPER
            )
        )
        for name in ('whole', 'stopped')
    ]
    whole, stopped = plan(configs, [3], Path('work'))
    # Runs that were started by hand count as well.
    train_here(monkeypatch, whole)
    monkeypatch.setenv('STOP', 'stopped')
    with pytest.raises(RuntimeError, match='the light went out'):
        train_here(monkeypatch, stopped)
    monkeypatch.delenv('STOP')
    args = [*configs, '--work-dir', 'work', '--seeds', 3]
    run_tool(monkeypatch, *args, '--report-only')
    assert '**1 of 2 runs finished.**' in Path('work/report.md').read_text()

    run_tool(monkeypatch, *args)
    a, b = read_log(whole.folder), read_log(stopped.folder)
    assert sorted(a.losses) == [1, 2, 3, 4]
    assert sorted(a.validations) == [2, 4]
    assert b.validations == a.validations
    np.testing.assert_allclose(
        [b.losses[i] for i in a.losses], list(a.losses.values()), rtol=1e-6
    )
    log = (stopped.folder / 'out.log').read_text()
    assert 'resumed epoch: 0, iter: 2' in log
    assert not (whole.folder / 'out.log').exists()
    files = sorted(Path('work').rglob('*'))
    run_tool(monkeypatch, *args)
    assert sorted(Path('work').rglob('*')) == files


@pytest.mark.parametrize('kind', ['labels', 'depth'])
@pytest.mark.parametrize('value', ['3', '[0,2,4]'])
def test_fewer_labels_by_indices(tmp_path, kind, value):
    root = tiny.write_tiny_seg(tmp_path / 'seg')
    common = dict(data_root=str(root), img_suffix='.png', pipeline=[])
    if kind == 'labels':
        dataset = dict(
            **common,
            type=FolderSegDataset,
            data_prefix=dict(img_path='images', seg_map_path='labels'),
            metainfo=dict(classes=('a', 'b', 'c')),
        )
    else:
        dataset = dict(
            **common,
            type=DepthDataset,
            check=False,  # labels are no depth
            data_prefix=dict(img_path='images', depth_path='labels'),
        )
    name = 'train_dataloader.dataset.indices'
    parser = ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    options = parser.parse_args(['--cfg-options', f'{name}={value}'])
    cfg = Config(dict(train_dataloader=dict(dataset=dataset)))
    cfg.merge_from_dict(options.cfg_options)
    arguments = dict(cfg.train_dataloader.dataset)
    dataset = arguments.pop('type')(**arguments)
    names = [Path(item['img_path']).name for item in dataset]
    numbers = [0, 1, 2] if value == '3' else [0, 2, 4]
    assert names == [f'{i}.png' for i in numbers]
