"""The report of fewer labels: fraction by config, a page and a picture."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from matplotlib.figure import Figure

from ..visualization.learning_curves import draw_learning_curves
from .figures import ALL, EDGES, METRICS, Ablation, NothingFinishedError
from .labels import spread_indices
from .page import (
    INTERVALS,
    commands,
    gain_cell,
    plus_minus,
    short_names,
    table,
    titles,
    versions,
)
from .plan import Run
from .report import results, write_files
from .sentences import sentence


class LabelStudy:
    """The ablations of some fractions, and what is missing of them.

    Args:
        runs: Fraction -> its runs, from `plan`.
        images: With all labels.
        baseline: As for `Ablation`.
        pairs: As for `Ablation`.

    Attributes:
        ablations: Fraction -> its ablation, of those with a finished run.
        metrics: Main ones that all of them have.

    Raises:
        NothingFinishedError: no run of any fraction has finished.
    """

    def __init__(
        self,
        runs: Mapping[Fraction, Sequence[Run]],
        images: int,
        baseline: str,
        pairs: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.runs, self.images, self.baseline = runs, images, baseline
        self.ablations: dict[Fraction, Ablation] = {}
        for fraction in sorted(runs):
            try:
                ablation = Ablation(runs[fraction], baseline, pairs)
            except NothingFinishedError:
                continue
            self.ablations[fraction] = ablation
        if not self.ablations:
            raise NothingFinishedError(
                'no finished run of any fraction, so no report yet '
                '(--report-only trains nothing).'
            )
        found = [{*a.metrics, *a.edges} for a in self.ablations.values()]
        common = set.intersection(*found)
        self.metrics = [m for m in METRICS if m in common]
        self.edges = [m for m in EDGES if m in common]

    @property
    def first(self) -> Ablation:
        """Of the smallest fraction: all have the same configs."""
        return next(iter(self.ablations.values()))

    def images_of(self, fraction: Fraction) -> int:
        """How many it trains on."""
        return len(spread_indices(self.images, fraction))


def write_label_report(study: LabelStudy, folder: Path, command: str) -> Path:
    """Write `labels.md`, `labels.json` and `labels.png`.

    Args:
        study: What to report.
        folder: Where to.
        command: That started this; printed on the page.

    Returns:
        The page's path.
    """
    numbers = {
        str(fraction): dict(
            images=study.images_of(fraction), **results(ablation, command)
        )
        for fraction, ablation in study.ablations.items()
    }
    title = folder.resolve().name
    return write_files(
        folder,
        ('labels.png', draw_labels(study)),
        ('labels.json', numbers),
        ('labels.md', label_page(study, title, command)),
    )


def draw_labels(study: LabelStudy) -> Figure:
    """A curve over the number of images for each metric."""
    names, _ = short_names(list(study.first.logs))
    last = study.ablations[max(study.ablations)]
    return draw_learning_curves(
        {
            f'{metric} {ALL[metric].better}': {
                name: _curves(study, stem, metric)
                for stem, name in names.items()
            }
            for metric in study.metrics
        },
        {
            f'{study.metrics[0]}, {max(study.ablations)} of labels': {
                name: [
                    f[study.metrics[0]] for f in last.figures[stem].values()
                ]
                for stem, name in names.items()
            }
        },
        names[study.baseline],
        'training images',
    )


def _curves(
    study: LabelStudy, stem: str, metric: str
) -> list[dict[int, float]]:
    """Number of images -> figure, of each seed."""
    curves: dict[int, dict[int, float]] = {}
    for fraction, ablation in study.ablations.items():
        for seed, figures in ablation.figures[stem].items():
            curve = curves.setdefault(seed, {})
            curve[study.images_of(fraction)] = figures[metric]
    return list(curves.values())


def label_page(study: LabelStudy, title: str, command: str) -> Iterator[str]:
    """The page's lines.

    Args:
        study: What to report.
        title: What to call it.
        command: That started this.
    """
    names, tail = short_names(list(study.first.logs))
    yield f'# Fewer labels: {title}\n'
    yield from _state(study, names, tail)
    yield '\n![Figures over the number of images](labels.png)\n'
    yield 'Mean ± sample standard deviation over the seeds.'
    for metric in [*study.metrics, *study.edges]:
        yield f'\n## {titles([metric])[0]}\n'
        yield from _table(study, names, metric)
    yield '\n## What holds, and what does not\n'
    yield INTERVALS
    for fraction, ablation in study.ablations.items():
        yield f'\n{fraction} of the labels:\n'
        metrics = [*study.metrics, *study.edges]
        for stem, base in (*ablation.against_baseline(), *ablation.pairs):
            yield sentence(ablation, names, stem, base, metrics)
    yield from commands(study.first, command)
    yield '\n## Written with\n'
    yield ', '.join(f'{name} {value}' for name, value in versions())


def _state(
    study: LabelStudy, names: dict[str, str], tail: str
) -> Iterator[str]:
    runs = [run for part in study.runs.values() for run in part]
    parts = ', '.join(
        f'{fraction} ({study.images_of(fraction)} images)'
        for fraction in sorted(study.runs)
    )
    lengths = sorted({run.iterations for run in runs})
    yield (
        f'{len(names)} configs{f" `…_{tail}`" if tail else ""}, seeds '
        f'{", ".join(map(str, dict.fromkeys(r.seed for r in runs)))}, each '
        f'with {parts}, spread evenly; {" or ".join(map(str, lengths))} '
        'iterations whatever the fraction, so that fewer images are seen '
        'more often.'
    )
    finished = {
        fraction: len(a.runs) - len(a.missing)
        for fraction, a in study.ablations.items()
    }
    if sum(finished.values()) < len(runs):
        yield (
            f'\n**{sum(finished.values())} of {len(runs)} runs finished**: '
            + ', '.join(
                f'{finished.get(fraction, 0)} of {len(study.runs[fraction])} '
                f'with {fraction}'
                for fraction in sorted(study.runs)
            )
            + '.'
        )


def _table(
    study: LabelStudy, names: dict[str, str], metric: str
) -> Iterator[str]:
    """A row a fraction: every config, and the differences."""
    comparisons = [*study.first.against_baseline(), *study.first.pairs]
    rows = []
    for fraction, ablation in study.ablations.items():
        spreads = [ablation.spread(stem, metric) for stem in names]
        digits = ALL[metric].digits
        rows.append(
            [
                str(fraction),
                str(study.images_of(fraction)),
                *(plus_minus(s, digits) if s else '-' for s in spreads),
                *(
                    gain_cell(ablation.gain(stem, base, metric), digits)
                    for stem, base in comparisons
                ),
            ]
        )
    differences = (f'{names[a]} − {names[b]}' for a, b in comparisons)
    head = ['labels', 'images', *names.values(), *differences]
    yield from table(head, rows)
