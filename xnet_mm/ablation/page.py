"""The page of an ablation's report, in Markdown."""

import os
import platform
import shlex
from collections.abc import Iterator, Mapping, Sequence

import torch

from ..stack import NAMES, installed
from ..version import __version__
from .costs import Cost
from .figures import ALL, Ablation, Gain, Spread
from .sentences import sentence

INTERVALS = (
    'Shown is what the 95 % confidence interval of the mean difference, '
    "paired by seed, says without containing 0 (Student's t with n − 1 "
    'degrees of freedom; with three seeds it is wide).\n'
)


def short_names(stems: Sequence[str]) -> tuple[dict[str, str], str]:
    """Config names without the last parts that all share, and those parts.

    `xnet_a_1xb4-200_camvid` and `upernet_a_1xb4-200_camvid` become `xnet_a`
    and `upernet_a`... less what they share at the end: `xnet`, `upernet`.
    """
    words = [stem.split('_') for stem in stems]
    shared = 0
    while len(words) > 1 and all(
        len(w) > shared + 1 and w[-1 - shared] == words[0][-1 - shared]
        for w in words
    ):
        shared += 1
    names = ['_'.join(w[: len(w) - shared]) for w in words]
    tail = words[0][len(words[0]) - shared :]
    return dict(zip(stems, names, strict=True)), '_'.join(tail)


def versions() -> Iterator[tuple[str, str]]:
    """What this report was written with, and on."""
    yield 'Python', platform.python_version()
    yield 'torch', torch.__version__
    for names in NAMES.values():
        yield from installed(names).items()
    yield 'xnet_mm', __version__
    yield 'CPU cores', str(os.cpu_count())
    if torch.cuda.is_available():
        yield 'GPU', torch.cuda.get_device_name()


def page(
    ablation: Ablation,
    title: str,
    command: str,
    costs: Mapping[str, Cost] | None = None,
) -> Iterator[str]:
    """The page's lines.

    Args:
        ablation: What to report.
        title: What to call it.
        command: That started this.
        costs: Of the configs that were counted and timed.
    """
    names, tail = short_names(list(ablation.logs))
    metrics = [*ablation.metrics, *ablation.edges]
    yield f'# Ablation: {title}\n'
    yield from _state(ablation, names, tail)
    yield '\n![Learning curves and final figures](curves.png)\n'
    yield 'Mean ± sample standard deviation over the seeds; best in bold.\n'
    yield from _means(ablation, names, ablation.metrics)
    if ablation.edges:
        yield (
            '\nEdges and blocks; →1: the nearer to one the better, and '
            'differences are those of the distance from one.\n'
        )
        yield from _means(ablation, names, ablation.edges)
    yield from _costs(names, costs or {})
    comparisons = [*ablation.against_baseline(), *ablation.pairs]
    yield '\n## What holds, and what does not\n'
    yield INTERVALS
    for stem, base in comparisons:
        yield sentence(ablation, names, stem, base, metrics)
    yield f'\n## Against `{names[ablation.baseline]}`\n'
    yield (
        'Differences of runs with the same seed: mean [95 % interval], '
        "(relative to the other's mean over these seeds), number of seeds "
        'with the better figure.\n'
    )
    yield from _gains(ablation, names, ablation.against_baseline(), False)
    if ablation.pairs:
        yield '\n## Pairs\n'
        yield from _gains(ablation, names, ablation.pairs, True)
    yield '\n## Every run\n'
    yield from _every_run(ablation, names)
    yield from commands(ablation, command)
    yield '\n## Written with\n'
    yield ', '.join(f'{name} {value}' for name, value in versions())


def _state(
    ablation: Ablation, names: dict[str, str], tail: str
) -> Iterator[str]:
    lengths = sorted({run.iterations for run in ablation.runs})
    yield (
        f'{len(names)} configs{f" `…_{tail}`" if tail else ""}, seeds '
        f'{", ".join(map(str, dict.fromkeys(r.seed for r in ablation.runs)))}'
        f'; {" or ".join(map(str, lengths))} iterations, figures of the '
        'validation after the last one.'
    )
    done = len(ablation.runs) - len(ablation.missing)
    if ablation.missing:
        yield f'\n**{done} of {len(ablation.runs)} runs finished.** Not yet:\n'
        for run, at in ablation.missing.items():
            where = f'at iteration {at} of {run.iterations}'
            yield (
                f'- {names[run.stem]}, seed {run.seed}: '
                f'{where if at else "not begun"}'
            )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of a table in Markdown."""
    for cells in (head, ['---'] * len(head), *rows):
        yield f'| {" | ".join(cells)} |'


def titles(metrics: Sequence[str]) -> list[str]:
    """Each with what is better."""
    return [f'{m} {ALL[m].better}' for m in metrics]


def plus_minus(value: Spread, digits: int) -> str:
    """Mean ± sample standard deviation."""
    text = f'{value.mean:.{digits}f}'
    return text if value.std is None else f'{text} ± {value.std:.{digits}f}'


def with_interval(value: Spread, digits: int) -> str:
    """Mean and the interval around it, both with their sign."""
    text = f'{value.mean:+.{digits}f}'
    interval = value.interval()
    if interval is None:
        return text
    low, high = interval
    return f'{text} [{low:+.{digits}f}, {high:+.{digits}f}]'


def _means(
    ablation: Ablation, names: dict[str, str], metrics: Sequence[str]
) -> Iterator[str]:
    planned = len({run.seed for run in ablation.runs})
    spreads = {
        m: {stem: ablation.spread(stem, m) for stem in names} for m in metrics
    }
    best = {
        m: _best(m, [s for s in column.values() if s])
        for m, column in spreads.items()
    }
    rows = []
    for stem, name in names.items():
        done = len(ablation.figures[stem])
        cells = [
            name,
            str(done) if done == planned else f'{done} of {planned}',
        ]
        for m, column in spreads.items():
            value = column[stem]
            if value is None:
                cells.append('-')
                continue
            text = plus_minus(value, ALL[m].digits)
            is_best = value.mean == best[m]
            cells.append(f'**{text}**' if is_best else text)
        rows.append(cells)
    yield from table(['config', 'seeds', *titles(metrics)], rows)


def _best(metric: str, spreads: Sequence[Spread]) -> float | None:
    """The best mean; none where all are alike, or there is but one."""
    how = ALL[metric]
    means = {s.mean for s in spreads}
    if len(means) < 2:
        return None
    return max(means, key=lambda mean: how.sign * how.compared(mean))


def _costs(names: dict[str, str], costs: Mapping[str, Cost]) -> Iterator[str]:
    yield '\n## Cost\n'
    if not costs:
        yield 'Not measured: run again with `--report-only --costs`.'
        return
    runs = {len(cost.seconds) for cost in costs.values()}
    yield (
        'Of the prediction of one image of the training crop; seconds of '
        f'{min(runs)} turns, in which the models alternate, on '
        f'{next(iter(costs.values())).device}.\n'
    )
    first = next(iter(costs.values())).median
    rows = [
        [
            name,
            f'{costs[stem].parameters / 1e6:.2f}',
            f'{costs[stem].macs / 1e9:.3f}',
            f'{costs[stem].median:.4f}',
            f'{min(costs[stem].seconds):.4f}',
            f'{costs[stem].median / first:.2f}',
        ]
        if stem in costs
        else [name, *['-'] * 5]
        for stem, name in names.items()
    ]
    yield from table(
        [
            *('config', 'M parameters', 'GMACs', 's, median', 's, fastest'),
            f'median / {names[next(iter(costs))]}',
        ],
        rows,
    )


def _gains(
    ablation: Ablation,
    names: dict[str, str],
    pairs: Sequence[tuple[str, str]],
    name_both: bool,
) -> Iterator[str]:
    metrics = [*ablation.metrics, *ablation.edges]
    rows = []
    for stem, base in pairs:
        name = f'{names[stem]} − {names[base]}' if name_both else names[stem]
        cells = [
            gain_cell(ablation.gain(stem, base, m), ALL[m].digits)
            for m in metrics
        ]
        rows.append([name, *cells])
    yield from table(['config', *titles(metrics)], rows)


def gain_cell(gain: Gain | None, digits: int) -> str:
    """Difference, interval, share, and the seeds that got better."""
    if gain is None:
        return 'no seed in common'
    relative = '' if gain.relative is None else f' ({gain.relative:+.1f} %)'
    difference = with_interval(gain.difference, digits)
    return f'{difference}{relative}, {gain.better}/{gain.difference.n}'


def _every_run(ablation: Ablation, names: dict[str, str]) -> Iterator[str]:
    metrics = [*ablation.metrics, *ablation.edges]
    rows = [
        [
            names[stem],
            str(seed),
            *(f'{f[m]:.{ALL[m].digits}f}' for m in metrics),
        ]
        for stem, seeds in ablation.figures.items()
        for seed, f in seeds.items()
    ]
    yield from table(['config', 'seed', *titles(metrics)], rows)


def commands(ablation: Ablation, command: str) -> Iterator[str]:
    """How to make it again."""
    yield '\n## Again\n'
    yield 'All of it, going on from what is there, and one run by itself:\n'
    yield f'```sh\n{command}'
    for run in ablation.runs[:1]:
        yield f'python tools/train.py {shlex.join(run.arguments())}'
    yield '```'
