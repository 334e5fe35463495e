"""tools/ablate.py: runs resumed, reported, compared."""

import json
import os
import runpy
import sys
from argparse import ArgumentParser
from pathlib import Path

import numpy as np
import pytest
import tiny
from ablations import (
    FIGURES,
    make_plan,
    run_ablate,
    write_configs,
    write_runs,
)
from launches import REPO
from mmengine.config import Config, DictAction

from xnet_mm.ablation.logs import read_log
from xnet_mm.datasets import DepthDataset, FolderSegDataset
from xnet_mm.visualization import SegPanelVisualizer


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.setenv('LOCAL_RANK', '0')  # reading a config sets it
    monkeypatch.chdir(tmp_path)


def test_names_of_the_command_line_are_checked(monkeypatch, capsys):
    configs = write_configs(a='', b='')
    for args, message in (
        (['--baseline', 'c.py'], 'c.py is compared with, but not among'),
        (['--pair', 'a.py', 'd.py'], 'd.py is compared with, but not among'),
        (['--jobs', '0'], '--jobs: wanted a whole number from 1'),
    ):
        with pytest.raises(SystemExit):
            run_ablate(monkeypatch, *configs, *args)
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
    whole, stopped = make_plan(configs, [3])
    # Runs that were started by hand count as well.
    train_here(monkeypatch, whole)
    monkeypatch.setenv('STOP', 'stopped')
    with pytest.raises(RuntimeError, match='the light went out'):
        train_here(monkeypatch, stopped)
    monkeypatch.delenv('STOP')
    args = [*configs, '--work-dir', 'work', '--seeds', 3]
    run_ablate(monkeypatch, *args, '--report-only')
    assert '**1 of 2 runs finished.**' in Path('work/report.md').read_text()

    run_ablate(monkeypatch, *args)
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
    run_ablate(monkeypatch, *args)
    assert sorted(Path('work').rglob('*')) == files


def write_trained(folder, text=''):
    """Logs of trained configs, whose files end in `text`."""
    runs = write_runs(folder)
    write_configs(20, **dict.fromkeys(FIGURES, text))
    for run in runs:
        for log in run.folder.glob('*/vis_data'):
            (log / 'config.py').write_text(
                Path(run.config).read_text()
                + f"\nlauncher = 'none'\nrandomness = dict(seed={run.seed})"
            )


def test_page_and_numbers(tmp_path, monkeypatch):
    write_trained(tmp_path)
    run_ablate(
        *(monkeypatch, *(f'{stem}.py' for stem in FIGURES)),
        *('--baseline', 'net_20_x.py', '--work-dir', 'work'),
        *('--pair', 'up_20_x.py', 'net-a_20_x.py', '--report-only'),
    )
    lines = Path('work/report.md').read_text().splitlines()
    for line in (
        '3 configs `…_20_x`, seeds 0, 1, 2; 20 iterations, figures of the '
        'validation after the last one.',
        '**7 of 9 runs finished.** Not yet:',
        '- up, seed 0: at iteration 10 of 20',
        '- up, seed 2: not begun',
        'Not measured: run again with `--report-only --costs`.',
        '- **up** against net: not shown, as the interval contains 0 or '
        'there is none: abs_rel (better in 1 of 1), d1 (worse in 1 of 1).',
        '![Learning curves and final figures](curves.png)',
        '| config | seeds | abs_rel ↓ | d1 ↑ |',
        '| net-a | 3 | 0.1200 ± 0.0200 | **0.8333 ± 0.0577** |',
        '| up | 1 of 3 | **0.1000** | 0.5000 |',
        '## Against `net`',
        '| net-a | -0.0400 [-0.1890, +0.1090] (-25.0 %), 2/3 | '
        '+0.1333 [-0.1535, +0.4202] (+19.0 %), 2/3 |',
        '| up − net-a | -0.0400 (-28.6 %), 1/1 | -0.3000 (-37.5 %), 0/1 |',
        '| net | 1 | 0.1200 | 0.6000 |',
        'python tools/ablate.py net-a_20_x.py net_20_x.py up_20_x.py '
        '--baseline net_20_x.py --work-dir work --pair up_20_x.py '
        'net-a_20_x.py',
        'python tools/train.py net-a_20_x.py --work-dir '
        'work/net-a_20_x/seed-0 --resume --cfg-options randomness.seed=0',
    ):
        assert line in lines
    numbers = json.loads(Path('work/results.json').read_text())
    assert numbers['runs']['up_20_x'] == {
        '1': {'abs_rel': 0.1, 'd1': 0.5, 'foo': 1}
    }
    assert numbers['better'] == {'abs_rel': '↓', 'd1': '↑'}
    pair = numbers['gains'][-1]
    assert (pair['config'], pair['base']) == ('up_20_x', 'net-a_20_x')
    assert pair['d1']['difference'] == {
        'mean': pytest.approx(-0.3),
        'std': None,
        'n': 1,
    }
    assert Path('work/curves.png').read_bytes()[:4] == b'\x89PNG'


def test_fewer_labels_go_on_from_the_runs_with_all(tmp_path, monkeypatch):
    root = tiny.write_tiny_seg(tmp_path / 'seg', num=5)
    dataset = dict(
        type='xnet_mm.FolderSegDataset',
        data_root=str(root),
        img_suffix='.png',
        data_prefix=dict(img_path='images', seg_map_path='labels'),
        metainfo=dict(classes=('a', 'b', 'c')),
        pipeline=[],
    )
    write_trained(tmp_path, f'train_dataloader = dict(dataset={dataset})')
    run_ablate(
        *(monkeypatch, *(f'{stem}.py' for stem in FIGURES)),
        *('--baseline', 'net_20_x.py', '--work-dir', 'work'),
        *('--report-only', '--label-fractions', '1/2', '1'),
    )
    numbers = json.loads(Path('work/labels.json').read_text())
    assert [*numbers] == ['1']  # no run with half of them yet
    assert numbers['1']['images'] == 5
    assert numbers['1']['runs']['up_20_x']['1']['abs_rel'] == 0.1


def test_nothing_to_report(monkeypatch):
    configs = write_configs(a='', b='')
    with pytest.raises(SystemExit, match='no finished run below work/no'):
        run_ablate(
            *(monkeypatch, *configs),
            *('--work-dir', 'work/no', '--report-only'),
        )


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
