"""Ablations: what is read from logs, reckoned, written and drawn."""

import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_hex

from xnet_mm.ablation.figures import Ablation
from xnet_mm.ablation.logs import read_log
from xnet_mm.ablation.page import short_names
from xnet_mm.ablation.plan import Run
from xnet_mm.ablation.report import draw
from xnet_mm.visualization.learning_curves import (
    COLOURS,
    draw_learning_curves,
    smooth,
)

REPO = Path(__file__).resolve().parents[1]
CONFIG = """
train_cfg = dict(max_iters=20)
val_cfg = dict(type='ValLoop')
default_hooks = dict(logger=dict(log_metric_by_epoch=False))
"""


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.setenv('LOCAL_RANK', '0')  # plan() sets it: undo that
    monkeypatch.chdir(tmp_path)


def report(monkeypatch, *args):
    """tools/ablate.py --report-only in this process."""
    argv = ['tools/ablate.py', *args, '--report-only']
    monkeypatch.setattr(sys, 'argv', argv)
    runpy.run_path(str(REPO / 'tools/ablate.py'), run_name='__main__')


def write_log(folder, *lines, start=1):
    path = Path(folder, f'2026010{start}_000000', 'vis_data', 'scalars.json')
    path.parent.mkdir(parents=True)
    path.write_text('\n'.join(map(json.dumps, lines)) + '\n')
    return path


def test_log_of_a_resumed_run(tmp_path):
    write_log(
        tmp_path,
        dict(loss=3.0, lr=1e-3, iter=10, step=10),
        dict(mIoU=1.0, time=0.1, data_time=0.1, step=10),
        dict(loss=2.0, iter=20, step=20),
    )
    path = write_log(
        tmp_path,
        dict(loss=1.5, iter=20, step=20),
        dict(mIoU=2.0, step=20),
        start=2,
    )
    with path.open('a') as file:
        file.write('{"loss": 1.')  # killed while it wrote
    log = read_log(tmp_path)
    assert log.losses == {10: 3.0, 20: 1.5}
    assert log.validations == {10: {'mIoU': 1.0}, 20: {'mIoU': 2.0}}
    assert log.iteration == 20
    with path.open('a') as file:
        file.write('\n{}\n')
    with pytest.raises(ValueError, match=r'line 3: wanted JSON, got .*loss'):
        read_log(tmp_path)


# abs_rel and d1 after 20 iterations: config -> seed.
FIGURES = {
    'net-a_20_x': {0: (0.10, 0.9), 1: (0.14, 0.8), 2: (0.12, 0.8)},
    'net_20_x': {0: (0.20, 0.7), 1: (0.12, 0.6), 2: (0.16, 0.8)},
    'up_20_x': {1: (0.10, 0.5)},
}


@pytest.fixture
def runs(tmp_path):
    """Logged as in FIGURES; the other seeds of `up` have not finished."""
    for stem, seeds in FIGURES.items():
        for seed, (abs_rel, d1) in seeds.items():
            write_log(
                tmp_path / 'work' / stem / f'seed-{seed}',
                dict(loss=4.0 + seed, step=10),
                dict(abs_rel=9.0, d1=0.0, foo=1, step=10),
                dict(loss=2.0 + seed, step=20),
                dict(abs_rel=abs_rel, d1=d1, foo=1, step=20),
            )
    write_log(
        tmp_path / 'work/up_20_x/seed-0',
        dict(loss=3.0, step=10),
        dict(abs_rel=9.0, d1=0.0, foo=1, step=10),
    )
    return [
        Run(f'{stem}.py', seed, Path(f'work/{stem}/seed-{seed}'), 20)
        for seed in range(3)
        for stem in FIGURES
    ]


def test_means_and_differences_by_hand(runs):
    ablation = Ablation(runs, 'net_20_x')
    assert ablation.metrics == ['abs_rel', 'd1']
    assert {(r.stem, r.seed): i for r, i in ablation.missing.items()} == {
        ('up_20_x', 0): 10,
        ('up_20_x', 2): 0,
    }
    # (0.10, 0.14, 0.12): mean 0.12, deviations -2, 2, 0 hundredths.
    assert ablation.spread('net-a_20_x', 'abs_rel') == pytest.approx(
        (0.12, 0.02, 3)
    )
    assert ablation.spread('up_20_x', 'd1') == (0.5, None, 1)
    # Differences -0.10, 0.02, -0.04: mean -0.04, deviations -6, 6, 0.
    gain = ablation.gain('net-a_20_x', 'net_20_x', 'abs_rel')
    assert gain.difference == pytest.approx((-0.04, 0.06, 3))
    assert gain.relative == pytest.approx(-25)  # of 0.16
    assert gain.better == 2  # lower is better
    gain = ablation.gain('net-a_20_x', 'net_20_x', 'd1')
    assert gain.difference == pytest.approx((2 / 15, np.sqrt(0.04 / 3), 3))
    assert gain.better == 2  # higher is better, and equal is not
    # Only seed 1 is there: 0.10 against 0.12.
    gain = ablation.gain('up_20_x', 'net_20_x', 'abs_rel')
    assert gain.difference == pytest.approx((-0.02, None, 1))
    assert gain.relative == pytest.approx(-100 / 6)


def test_page_and_numbers(runs, monkeypatch):
    for stem in FIGURES:
        Path(f'{stem}.py').write_text(CONFIG)
    for run in runs:
        for log in run.folder.glob('*/vis_data'):
            (log / 'config.py').write_text(
                Path(run.config).read_text()
                + f"\nlauncher = 'none'\nrandomness = dict(seed={run.seed})"
            )
    report(
        *(monkeypatch, *(f'{stem}.py' for stem in FIGURES)),
        *('--baseline', 'net_20_x.py', '--work-dir', 'work'),
        *('--pair', 'up_20_x.py', 'net-a_20_x.py'),
    )
    lines = Path('work/report.md').read_text().splitlines()
    for line in (
        '3 configs `…_20_x`, seeds 0, 1, 2; 20 iterations, figures of the '
        'validation after the last one.',
        '**7 of 9 runs finished.** Not yet:',
        '- up, seed 0: at iteration 10 of 20',
        '- 1 without a logged iteration',
        '![Learning curves and final figures](curves.png)',
        '| config | seeds | abs_rel ↓ | d1 ↑ |',
        '| net-a | 3 | 0.1200 ± 0.0200 | **0.8333 ± 0.0577** |',
        '| up | 1 of 3 | **0.1000** | 0.5000 |',
        '## Against `net`',
        '| net-a | -0.0400 ± 0.0600 (-25.0 %), 2/3 | '
        '+0.1333 ± 0.1155 (+19.0 %), 2/3 |',
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
    assert numbers['higher_is_better'] == {'abs_rel': False, 'd1': True}
    pair = numbers['gains'][-1]
    assert (pair['config'], pair['base']) == ('up_20_x', 'net-a_20_x')
    assert pair['d1']['difference'] == {
        'mean': pytest.approx(-0.3),
        'std': None,
        'n': 1,
    }
    assert Path('work/curves.png').read_bytes()[:4] == b'\x89PNG'


def test_nothing_to_report(runs, monkeypatch):
    for name in 'ab':
        Path(f'{name}.py').write_text(CONFIG)
    configs = ['a.py', 'b.py']
    with pytest.raises(SystemExit, match='no finished run below work/no'):
        report(monkeypatch, *configs, '--work-dir', 'work/no')
    write_log('work/only/seed-0', dict(foo=1, step=20))
    only = [Run('only.py', 0, Path('work/only/seed-0'), 20)]
    with pytest.raises(SystemExit, match=r"got \['foo'\], wanted one of mIoU"):
        Ablation(only, 'only')


def test_short_names():
    assert short_names(['net_a_1_x', 'up_a_1_x']) == (
        {'net_a_1_x': 'net', 'up_a_1_x': 'up'},
        'a_1_x',
    )
    assert short_names(['x', 'y_x'])[0] == {'x': 'x', 'y_x': 'y_x'}
    assert short_names(['a_x']) == ({'a_x': 'a_x'}, '')


def test_curves_and_dots(runs):
    figure = draw(Ablation(runs, 'net_20_x'))
    titles = [axis.get_title('left') for axis in figure.axes]
    assert titles == [
        'training loss',
        'abs_rel on validation',
        'abs_rel ↓',
        'd1 ↑',
    ]
    loss, validation, dots, _ = figure.axes
    assert [line.get_label() for line in loss.lines] == ['net-a', 'net', 'up']
    colours = [to_hex(line.get_color()).upper() for line in loss.lines]
    assert colours == list(COLOURS[:3])
    # Seeds 0, 1, 2 have losses 4, 5, 6 and then 2, 3, 4.
    assert loss.lines[0].get_xydata().tolist() == [[10, 5], [20, 3]]
    band = loss.collections[0].get_paths()[0].vertices
    assert {(10, 4), (10, 6), (20, 2), (20, 4)} <= set(map(tuple, band))
    means = [line.get_ydata()[-1] for line in validation.lines]
    assert means == pytest.approx([0.12, 0.16, 0.10])
    seeds = dots.collections[0].get_offsets()
    assert seeds.tolist() == [[0.10, 0], [0.14, 0], [0.12, 0]]
    bar = dots.collections[1].get_segments()[0]
    assert bar[:, 0] == pytest.approx([0.12, 0.12])
    assert dots.lines[0].get_xdata() == pytest.approx([0.16, 0.16])
    labels = [label.get_text() for label in dots.get_yticklabels()]
    assert labels == ['net-a', 'net', 'up']
    assert dots.get_ylim()[0] > dots.get_ylim()[1]  # the first on top


def test_more_configs_than_colours():
    names = [f'n{i}' for i in range(9)]
    figure = draw_learning_curves(
        {'loss': {n: [{1: 1.0, 2: 0.5}] for n in names}},
        {'d1': {n: [1.0] if n != 'n8' else [] for n in names}},
        'n8',
    )
    looks = [(x.get_color(), x.get_linestyle()) for x in figure.axes[0].lines]
    assert len(set(looks)) == 9
    assert looks[7] == (COLOURS[0], '--')


def test_smoothing_is_an_average_of_what_is_there():
    values = np.array([1.0, 4.0, 1.0, 7.0])
    expected = [2.5, 2.0, 4.0, 4.0]
    np.testing.assert_allclose(smooth(values, 3), expected)
    np.testing.assert_array_equal(smooth(values, 1), values)
