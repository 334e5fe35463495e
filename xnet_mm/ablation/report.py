"""The report of an ablation: a page, its picture, and all numbers as JSON."""

import json
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path

from matplotlib.figure import Figure

from ..fileio.atomic import write_atomically
from ..visualization.learning_curves import draw_learning_curves
from .costs import Cost
from .figures import ALL, Ablation
from .page import page, short_names, versions


def write_report(
    ablation: Ablation,
    folder: Path,
    command: str,
    costs: Mapping[str, Cost] | None = None,
) -> Path:
    """Write `report.md`, `results.json` and `curves.png`.

    Args:
        ablation: What to report.
        folder: Where to.
        command: That started this; printed on the page.
        costs: Of the configs that were counted and timed.

    Returns:
        The page's path.
    """
    title = folder.resolve().name
    return write_files(
        folder,
        ('curves.png', draw(ablation)),
        ('results.json', results(ablation, command, costs)),
        ('report.md', page(ablation, title, command, costs)),
    )


def write_files(
    folder: Path,
    picture: tuple[str, Figure],
    numbers: tuple[str, dict],
    text: tuple[str, Iterable[str]],
) -> Path:
    """Write a report, all of it made before the first file is written.

    Args:
        folder: Where to.
        picture: Name and figure.
        numbers: Name and what becomes JSON.
        text: Name and lines of the page.

    Returns:
        The page's path.
    """
    image = BytesIO()
    picture[1].savefig(image, format='png', dpi=150)
    values = json.dumps(numbers[1], indent=1)
    lines = '\n'.join(text[1])
    for name, data in (
        (picture[0], image.getvalue()),
        (numbers[0], f'{values}\n'.encode()),
        (text[0], f'{lines}\n'.encode()),
    ):
        write_atomically(folder / name, data)
    return folder / text[0]


def draw(ablation: Ablation) -> Figure:
    """Learning curves, then the figures of every seed."""
    names, _ = short_names(list(ablation.logs))
    stems = [stem for stem, logs in ablation.logs.items() if logs]
    main = ablation.metrics[0]
    losses = {
        names[stem]: [log.losses for log in ablation.logs[stem].values()]
        for stem in stems
    }
    validations = {
        names[stem]: [
            {step: v[main] for step, v in log.validations.items()}
            for log in ablation.logs[stem].values()
        ]
        for stem in stems
    }
    curves = {'training loss': losses}
    if any(len(run) > 1 for runs in validations.values() for run in runs):
        curves[f'{main} on validation'] = validations
    return draw_learning_curves(
        curves,
        {
            f'{metric} {ALL[metric].better}': {
                names[stem]: [
                    f[metric] for f in ablation.figures[stem].values()
                ]
                for stem in names
            }
            for metric in ablation.metrics
        },
        names[ablation.baseline],
    )


def results(
    ablation: Ablation, command: str, costs: Mapping[str, Cost] | None = None
) -> dict:
    """All numbers, for other programs."""
    metrics = [*ablation.metrics, *ablation.edges]
    comparisons = [*ablation.against_baseline(), *ablation.pairs]
    return dict(
        command=command,
        versions=dict(versions()),
        baseline=ablation.baseline,
        iterations={run.stem: run.iterations for run in ablation.runs},
        better={m: ALL[m].better for m in metrics},
        costs={stem: c.to_dict() for stem, c in (costs or {}).items()},
        runs=ablation.figures,
        unfinished=[
            dict(config=run.stem, seed=run.seed, iteration=iteration)
            for run, iteration in ablation.missing.items()
        ],
        spread={
            stem: {
                m: s._asdict()
                for m in metrics
                if (s := ablation.spread(stem, m))
            }
            for stem, seeds in ablation.figures.items()
            if seeds
        },
        gains=[
            dict(
                config=stem,
                base=base,
                **{
                    m: dict(
                        difference=g.difference._asdict(),
                        interval_95=g.difference.interval(),
                        verdict=g.verdict(ALL[m]),
                        relative_percent=g.relative,
                        better_seeds=g.better,
                        worse_seeds=g.worse,
                    )
                    for m in metrics
                    if (g := ablation.gain(stem, base, m))
                },
            )
            for stem, base in comparisons
        ],
    )
