"""The page of an ablation's report, in Markdown."""

import os
import platform
import shlex
from collections.abc import Iterator, Sequence

import torch

from ..stack import NAMES, installed
from ..version import __version__
from .figures import METRICS, Ablation, Gain, Spread


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


def page(ablation: Ablation, title: str, command: str) -> Iterator[str]:
    """The page's lines.

    Args:
        ablation: What to report.
        title: What to call it.
        command: That started this.
    """
    names, tail = short_names(list(ablation.logs))
    yield f'# Ablation: {title}\n'
    yield from _state(ablation, names, tail)
    yield '\n![Learning curves and final figures](curves.png)\n'
    yield from _means(ablation, names)
    yield f'\n## Against `{names[ablation.baseline]}`\n'
    yield (
        'Differences of runs with the same seed: mean ± sample standard '
        "deviation, (relative to the other's mean over these seeds), number "
        'of seeds with the better figure.\n'
    )
    yield from _gains(ablation, names, ablation.against_baseline(), False)
    if ablation.pairs:
        yield '\n## Pairs\n'
        yield from _gains(ablation, names, ablation.pairs, True)
    yield '\n## Every run\n'
    yield from _every_run(ablation, names)
    yield from _commands(ablation, command)
    yield '\n## Written with\n'
    yield ', '.join(f'{name} {value}' for name, value in versions())


def _state(
    ablation: Ablation, names: dict[str, str], tail: str
) -> Iterator[str]:
    done = len(ablation.runs) - len(ablation.missing)
    lengths = sorted({run.iterations for run in ablation.runs})
    yield (
        f'{len(names)} configs{f" `…_{tail}`" if tail else ""}, seeds '
        f'{", ".join(map(str, dict.fromkeys(r.seed for r in ablation.runs)))}'
        f'; {" or ".join(map(str, lengths))} iterations, figures of the '
        'validation after the last one.'
    )
    if ablation.missing:
        yield f'\n**{done} of {len(ablation.runs)} runs finished.** Not yet:\n'
        for run, at in ablation.missing.items():
            if at:
                yield (
                    f'- {names[run.stem]}, seed {run.seed}: at iteration {at} '
                    f'of {run.iterations}'
                )
        unseen = sum(not at for at in ablation.missing.values())
        if unseen:
            yield f'- {unseen} without a logged iteration'


def _table(
    head: Sequence[str], rows: Sequence[Sequence[str]]
) -> Iterator[str]:
    for cells in (head, ['---'] * len(head), *rows):
        yield f'| {" | ".join(cells)} |'


def _titles(ablation: Ablation) -> list[str]:
    return [f'{m} {METRICS[m].arrow}' for m in ablation.metrics]


def _plus_minus(value: Spread, digits: int, sign: str = '') -> str:
    text = f'{value.mean:{sign}.{digits}f}'
    return text if value.std is None else f'{text} ± {value.std:.{digits}f}'


def _means(ablation: Ablation, names: dict[str, str]) -> Iterator[str]:
    planned = len({run.seed for run in ablation.runs})
    yield 'Mean ± sample standard deviation over the seeds; best in bold.\n'
    spreads = {
        m: {stem: ablation.spread(stem, m) for stem in names}
        for m in ablation.metrics
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
            means = [s.mean for s in column.values() if s]
            best = (max if METRICS[m].higher_is_better else min)(means)
            text = _plus_minus(value, METRICS[m].digits)
            cells.append(f'**{text}**' if value.mean == best else text)
        rows.append(cells)
    yield from _table(['config', 'seeds', *_titles(ablation)], rows)


def _gains(
    ablation: Ablation,
    names: dict[str, str],
    pairs: Sequence[tuple[str, str]],
    name_both: bool,
) -> Iterator[str]:
    rows = []
    for stem, base in pairs:
        name = f'{names[stem]} − {names[base]}' if name_both else names[stem]
        gains = {m: ablation.gain(stem, base, m) for m in ablation.metrics}
        cells = [_gain(g, METRICS[m].digits) for m, g in gains.items()]
        rows.append([name, *cells])
    yield from _table(['config', *_titles(ablation)], rows)


def _gain(gain: Gain | None, digits: int) -> str:
    if gain is None:
        return 'no seed in common'
    relative = '' if gain.relative is None else f' ({gain.relative:+.1f} %)'
    difference = _plus_minus(gain.difference, digits, '+')
    return f'{difference}{relative}, {gain.better}/{gain.difference.n}'


def _every_run(ablation: Ablation, names: dict[str, str]) -> Iterator[str]:
    rows = [
        [
            names[stem],
            str(seed),
            *(f'{f[m]:.{METRICS[m].digits}f}' for m in ablation.metrics),
        ]
        for stem, seeds in ablation.figures.items()
        for seed, f in seeds.items()
    ]
    yield from _table(['config', 'seed', *_titles(ablation)], rows)


def _commands(ablation: Ablation, command: str) -> Iterator[str]:
    yield '\n## Again\n'
    yield 'All of it, going on from what is there, and one run by itself:\n'
    yield f'```sh\n{command}'
    for run in ablation.runs[:1]:
        yield f'python tools/train.py {shlex.join(run.arguments())}'
    yield '```'
