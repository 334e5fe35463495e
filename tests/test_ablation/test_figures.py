"""Means, spreads and gains by hand."""

from pathlib import Path

import numpy as np
import pytest
from ablations import write_log, write_runs

from xnet_mm.ablation.figures import ALL, Ablation, gain, spread
from xnet_mm.ablation.plan import Run


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_runs(tmp_path)


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


def test_no_finished_run(runs):
    unfinished = [run for run in runs if run.stem == 'up_20_x'][::2]
    with pytest.raises(SystemExit, match='no finished run below work, so no'):
        Ablation(unfinished, 'up_20_x')


def test_no_known_metric(runs):
    write_log('work/only/seed-0', dict(foo=1, step=20))
    only = [Run('only.py', 0, Path('work/only/seed-0'), 20)]
    with pytest.raises(SystemExit, match=r"got \['foo'\], wanted one of mIoU"):
        Ablation(only, 'only')


def test_no_seed_in_common(runs):
    seeds = {('up_20_x', 1), ('net_20_x', 0), ('net_20_x', 2)}
    some = [run for run in runs if (run.stem, run.seed) in seeds]
    ablation = Ablation(some, 'net_20_x', [('up_20_x', 'net_20_x')])
    assert ablation.gain('up_20_x', 'net_20_x', 'd1') is None
    assert ablation.against_baseline() == [('up_20_x', 'net_20_x')]


def test_interval_by_hand():
    # t with 2 degrees of freedom, 97.5 %: 4.3027; deviation 2, root of 3.
    low, high = spread([1.0, 3.0, 5.0]).interval()
    assert (low, high) == pytest.approx((3 - 4.96828, 3 + 4.96828), abs=1e-4)
    # With 1: 12.7062; deviation 1.41421, root of 2.
    assert spread([0.0, 2.0]).interval() == pytest.approx(
        (1 - 12.7062, 1 + 12.7062), abs=1e-4
    )
    # With 4: 2.7764; deviation 1.58114, root of 5.
    assert spread([1.0, 2, 3, 4, 5]).interval() == pytest.approx(
        (3 - 1.96324, 3 + 1.96324), abs=1e-4
    )
    assert spread([1.0]).interval() is None


def compare(ours, base, metric):
    ours, base = (
        {seed: {metric: value} for seed, value in enumerate(values)}
        for values in (ours, base)
    )
    return gain(ours, base, metric)


@pytest.mark.parametrize(
    ('metric', 'ours', 'base', 'verdict', 'better', 'worse'),
    [
        ('mIoU', [50, 51, 52], [40, 41.1, 42], 'better', 3, 0),
        ('mIoU', [40, 41.1, 42], [50, 51, 52], 'worse', 0, 3),
        ('mIoU', [50, 40, 52], [40, 50, 52], 'open', 1, 1),
        ('abs_rel', [0.1, 0.11, 0.12], [0.2, 0.22, 0.22], 'better', 3, 0),
        ('abs_rel', [0.2], [0.1], 'open', 0, 1),  # no interval
        ('mIoU', [1, 1], [1, 1], 'open', 0, 0),
        # Nearer to one, from either side.
        ('grid_contrast_4', [1.0, 0.98, 1.1], [9, 9.1, 9], 'better', 3, 0),
        ('grid_contrast_4', [0.5, 0.49, 0.5], [1.1, 1.1, 1], 'worse', 0, 3),
    ],
)
def test_verdict(metric, ours, base, verdict, better, worse):
    found = compare(ours, base, metric)
    assert found.verdict(ALL[metric]) == verdict
    assert (found.better, found.worse) == (better, worse)


def test_distance_from_one_is_compared():
    # |0.9 - 1| - |1.3 - 1| = -0.2, |1.2 - 1| - |1.6 - 1| = -0.4.
    found = compare([0.9, 1.2], [1.3, 1.6], 'grid_contrast_32')
    assert found.difference.mean == pytest.approx(-0.3)
    assert found.relative == pytest.approx(100 * -0.3 / 0.45)
