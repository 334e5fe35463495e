"""The training of a fit: tools/train.py in a process, with a progress bar."""

from math import nan
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from ..ablation.logs import read_log
from .tool import run_tool

RUN, LOG = 'run', 'fit.log'


def train(
    out: Path, config: Path, steps: int, metric: str, console: Console
) -> None:
    """Train to the end, from where it was.

    Args:
        out: the folder of results; `run` there is the work dir.
        config: to train by.
        steps: of the whole training.
        metric: to tell after each validation.
        console: for the bar.

    Raises:
        StoppedError: by Ctrl-C, after a checkpoint.
        ToolFailedError: it failed.
    """
    with Progress(
        TextColumn('Training'),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn('{task.fields[figures]}'),
        console=console,
    ) as progress:
        bar = progress.add_task('Training', total=steps, figures='')
        told: set[int] = set()

        def watch() -> None:
            log = read_log(out / RUN)
            figures = []
            if log.losses:
                figures.append(f'loss {log.losses[max(log.losses)]:.3f}')
            for step in sorted({*log.validations} - told):
                told.add(step)
                value = log.validations[step].get(metric, nan)
                progress.console.print(
                    f'iteration {step}: {metric} {value:.4g}', highlight=False
                )
            progress.update(
                bar, completed=log.iteration, figures=', '.join(figures)
            )

        run_tool(
            'train',
            [str(config), '--work-dir', str(out / RUN), '--resume'],
            out / LOG,
            watch,
        )
        watch()
