"""Figures of an ablation: means, spreads, differences paired by seed."""

import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .logs import RunLog, read_log
from .plan import Run

MOST_SHOWN = 3


class Metric(NamedTuple):
    """How to read a figure: which direction is better, digits to print."""

    higher_is_better: bool
    digits: int

    @property
    def arrow(self) -> str:
        """What better looks like."""
        return '↑' if self.higher_is_better else '↓'


# In the order of what is shown, if it was measured: mmseg's IoUMetric, then
# DepthMetric; the last three are what KITTI's devkit prints.
METRICS = {
    'mIoU': Metric(True, 2),
    'mAcc': Metric(True, 2),
    'aAcc': Metric(True, 2),
    'abs_rel': Metric(False, 4),
    'd1': Metric(True, 4),
    'rmse': Metric(False, 4),
    'silog': Metric(False, 2),
    'irmse': Metric(False, 2),
    'abs_rel_percent': Metric(False, 2),
}


class Spread(NamedTuple):
    """Mean and sample standard deviation (n - 1); None from one value."""

    mean: float
    std: float | None
    n: int


class Gain(NamedTuple):
    """A config against another, over the seeds that both have.

    Attributes:
        difference: Of the runs with the same seed.
        relative: Mean difference in % of the other config's mean; None if
            that is 0.
        better: Number of seeds for which the figure got better.
    """

    difference: Spread
    relative: float | None
    better: int


Figures = dict[str, dict[int, dict[str, float]]]  # config, seed, metric


def spread(values: Sequence[float]) -> Spread:
    """Mean and sample standard deviation of at least one value."""
    std = statistics.stdev(values) if len(values) > 1 else None
    return Spread(statistics.fmean(values), std, len(values))


def gain(
    ours: Mapping[int, dict[str, float]],
    base: Mapping[int, dict[str, float]],
    metric: str,
) -> Gain | None:
    """Compare two configs, seed by seed; None if they share no seed.

    Args:
        ours: Seed -> metrics.
        base: The same of the config to compare with.
        metric: One of `METRICS`.
    """
    seeds = sorted({*ours} & {*base})
    if not seeds:
        return None
    pairs = [(ours[seed][metric], base[seed][metric]) for seed in seeds]
    differences = spread([a - b for a, b in pairs])
    mean = statistics.fmean(b for _, b in pairs)
    relative = 100 * differences.mean / mean if mean else None
    up = METRICS[metric].higher_is_better
    better = sum((a > b) if up else (a < b) for a, b in pairs)
    return Gain(differences, relative, better)


class Ablation:
    """The finished runs of a plan; the others are known to be missing.

    Args:
        runs: From `plan`.
        baseline: Name of the config that all others are compared with.
        pairs: Names of further (config, config to compare it with).

    Raises:
        SystemExit: no finished run, or none of the known metrics.
    """

    def __init__(
        self,
        runs: Sequence[Run],
        baseline: str,
        pairs: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.runs, self.baseline, self.pairs = runs, baseline, pairs
        self.logs: dict[str, dict[int, RunLog]] = {r.stem: {} for r in runs}
        self.missing: dict[Run, int] = {}
        self.figures: Figures = {stem: {} for stem in self.logs}
        for run in runs:
            log = read_log(run.folder)
            if run.iterations in log.validations:
                self.logs[run.stem][run.seed] = log
                last = log.validations[run.iterations]
                self.figures[run.stem][run.seed] = last
            else:
                self.missing[run] = log.iteration
        found = [f for seeds in self.figures.values() for f in seeds.values()]
        if not found:
            raise SystemExit(
                f'no finished run below {runs[0].folder.parents[1]}, so no '
                'report yet (--report-only trains nothing).'
            )
        common = set.intersection(*map(set, found))
        self.metrics = [m for m in METRICS if m in common][:MOST_SHOWN]
        if not self.metrics:
            raise SystemExit(
                f'no metric that all runs have and whose better direction '
                f'is known: got {sorted(common)}, wanted one of '
                f'{", ".join(METRICS)}.'
            )

    def spread(self, stem: str, metric: str) -> Spread | None:
        """Of one config; None without a finished run."""
        seeds = self.figures[stem].values()
        return spread([f[metric] for f in seeds]) if seeds else None

    def gain(self, stem: str, base: str, metric: str) -> Gain | None:
        """Of one config against another."""
        return gain(self.figures[stem], self.figures[base], metric)

    def against_baseline(self) -> list[tuple[str, str]]:
        """Every other config with the baseline."""
        base = self.baseline
        return [(stem, base) for stem in self.figures if stem != base]
