"""The page, line by line."""

import pytest
import torch
from ablations import write_log, write_runs

from xnet_mm.ablation.figures import Ablation
from xnet_mm.ablation.page import page, short_names, versions
from xnet_mm.ablation.plan import Run


def test_short_names():
    assert short_names(['net_a_1_x', 'up_a_1_x']) == (
        {'net_a_1_x': 'net', 'up_a_1_x': 'up'},
        'a_1_x',
    )
    assert short_names(['x', 'y_x'])[0] == {'x': 'x', 'y_x': 'y_x'}
    assert short_names(['a_x']) == ({'a_x': 'a_x'}, '')


def test_versions():
    found = dict(versions())
    assert found['torch'] == torch.__version__
    assert 'xnet_mm' in found and 'Python' in found


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_runs(tmp_path)


def test_page_without_pairs_or_a_seed_in_common(runs):
    seeds = {('up_20_x', 1), ('net_20_x', 0), ('net_20_x', 2)}
    some = [run for run in runs if (run.stem, run.seed) in seeds]
    lines = list(page(Ablation(some, 'net_20_x'), 'mine', 'the command'))
    assert lines[0] == '# Ablation: mine\n'
    for line in (
        '2 configs `…_20_x`, seeds 0, 1, 2; 20 iterations, figures of the '
        'validation after the last one.',
        '| net | 2 of 3 | 0.1800 ± 0.0283 | **0.7500 ± 0.0707** |',
        '| up | 1 of 3 | **0.1000** | 0.5000 |',
        '| up | no seed in common | no seed in common |',
        '```sh\nthe command',
    ):
        assert line in lines
    assert '\n## Pairs\n' not in lines
    assert not [line for line in lines if 'runs finished' in line]


def test_nothing_is_bold_where_all_are_alike(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runs = []
    for stem, abs_rel in (('net_x', 0.2), ('up_x', 0.1), ('dpt_x', 0.3)):
        folder = tmp_path / 'work' / stem / 'seed-0'
        figures = dict(abs_rel=abs_rel, boundary_f1=0.0, boundary_f1_8=abs_rel)
        write_log(folder, dict(loss=1.0, step=20), dict(figures, step=20))
        runs.append(Run(f'{stem}.py', 0, folder, 20))
    lines = list(page(Ablation(runs, 'net_x'), 'mine', 'the command'))
    for line in (
        '| up | 1 | **0.1000** |',
        '| net | 1 | 0.0000 | 0.2000 |',
        '| up | 1 | 0.0000 | 0.1000 |',
        '| dpt | 1 | 0.0000 | **0.3000** |',
    ):
        assert line in lines


def test_nothing_is_bold_alone(runs):
    some = [run for run in runs if run.stem == 'net_20_x']
    lines = list(page(Ablation(some, 'net_20_x'), 'mine', 'the command'))
    assert '| net_20_x | 3 | 0.1600 ± 0.0400 | 0.7000 ± 0.1000 |' in lines
