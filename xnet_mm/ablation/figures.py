"""Figures of an ablation: means, spreads, differences paired by seed."""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from scipy.special import stdtrit

from .logs import RunLog, read_log
from .plan import Run

MOST_SHOWN = 3
CONFIDENCE = 0.95

Verdict = Literal['better', 'worse', 'open']


class Metric(NamedTuple):
    """How to read a figure.

    Attributes:
        better: What is better: '↑' higher, '↓' lower, '→1' nearer to one.
        digits: To print.
    """

    better: Literal['↑', '↓', '→1']
    digits: int

    @property
    def sign(self) -> int:
        """Of a difference that is an improvement."""
        return 1 if self.better == '↑' else -1

    def compared(self, value: float) -> float:
        """What is compared: the figure, or how far it is from one."""
        return abs(value - 1) if self.better == '→1' else value


# In the order of what is shown, if it was measured: mmseg's IoUMetric, then
# DepthMetric; the last three are what KITTI's devkit prints.
METRICS = {
    'mIoU': Metric('↑', 2),
    'mAcc': Metric('↑', 2),
    'aAcc': Metric('↑', 2),
    'abs_rel': Metric('↓', 4),
    'd1': Metric('↑', 4),
    'rmse': Metric('↓', 4),
    'silog': Metric('↓', 2),
    'irmse': Metric('↓', 2),
    'abs_rel_percent': Metric('↓', 2),
}
# Of BoundaryMetric, DepthBoundaryMetric and GridContrast: all are shown.
EDGES = {
    'boundary_IoU': Metric('↑', 2),
    'boundary_F1': Metric('↑', 2),
    'boundary_f1': Metric('↑', 4),
    'boundary_f1_8': Metric('↑', 4),
    'boundary_f1_16': Metric('↑', 4),
    'boundary_precision': Metric('↑', 4),
    'boundary_recall': Metric('↑', 4),
    'dbe_accuracy': Metric('↓', 2),
    'dbe_completeness': Metric('↓', 2),
    **{f'grid_contrast_{c}': Metric('→1', 3) for c in (32, 16, 8, 4)},
}
ALL = METRICS | EDGES


class Spread(NamedTuple):
    """Mean and sample standard deviation (n - 1); None from one value."""

    mean: float
    std: float | None
    n: int

    def interval(self) -> tuple[float, float] | None:
        """The 95 % confidence interval of the mean; None from one value.

        Student's t with n - 1 degrees of freedom: of the mean of normally
        distributed values whose deviation is not known but estimated.
        """
        if self.std is None:
            return None
        t = float(stdtrit(self.n - 1, 0.5 + CONFIDENCE / 2))
        half = t * self.std / math.sqrt(self.n)
        return self.mean - half, self.mean + half


class Gain(NamedTuple):
    """A config against another, over the seeds that both have.

    Attributes:
        difference: Of the runs with the same seed.
        relative: Mean difference in % of the other config's mean; None if
            that is 0.
        better: Number of seeds for which the figure got better.
        worse: Number of seeds for which it got worse.
    """

    difference: Spread
    relative: float | None
    better: int
    worse: int

    def verdict(self, metric: Metric) -> Verdict:
        """What the interval says: 'open' where it contains 0, or is none."""
        interval = self.difference.interval()
        if interval is None or interval[0] <= 0 <= interval[1]:
            return 'open'
        is_better = self.difference.mean * metric.sign > 0
        return 'better' if is_better else 'worse'


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
        metric: One of `ALL`.
    """
    seeds = sorted({*ours} & {*base})
    if not seeds:
        return None
    how = ALL[metric]
    pairs = [
        (how.compared(ours[seed][metric]), how.compared(base[seed][metric]))
        for seed in seeds
    ]
    differences = [a - b for a, b in pairs]
    mean = statistics.fmean(b for _, b in pairs)
    return Gain(
        spread(differences),
        100 * statistics.fmean(differences) / mean if mean else None,
        better=sum(d * how.sign > 0 for d in differences),
        worse=sum(d * how.sign < 0 for d in differences),
    )


class NothingFinishedError(SystemExit):
    """No run of an ablation has been validated at its end."""


class Ablation:
    """The finished runs of a plan; the others are known to be missing.

    Args:
        runs: From `plan`.
        baseline: Name of the config that all others are compared with.
        pairs: Names of further (config, config to compare it with).

    Attributes:
        metrics: Up to three of `METRICS` that all runs have.
        edges: All of `EDGES` that they have.
        missing: Runs that have not finished -> the last logged iteration.

    Raises:
        NothingFinishedError: no finished run.
        SystemExit: none of the known metrics.
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
            raise NothingFinishedError(
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
        self.edges = [m for m in EDGES if m in common]

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
