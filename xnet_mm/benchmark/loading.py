"""Where a data loader's time goes, transform by transform."""

import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import DATASETS
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ..fileio.atomic import write_atomically
from .report import markdown_table

COLUMNS = ('transform', 'median of a call', 'share')


class Loading(NamedTuple):
    """What loading one image costs in one process.

    Attributes:
        name: of the config.
        transforms: their names, in order, and the seconds of each call.
        images: how many were loaded.
    """

    name: str
    transforms: list[tuple[str, list[float]]]
    images: int

    @property
    def seconds(self) -> float:
        """Mean time of an image."""
        return sum(sum(s) for _, s in self.transforms) / self.images

    @property
    def title(self) -> str:
        """What it comes to."""
        return (
            f'{self.name}: {1000 * self.seconds:.1f} ms an image, '
            f'{1 / self.seconds:.0f} images/s a worker'
        )

    def rows(self) -> list[tuple[str, str, str]]:
        """Of a table with `COLUMNS`."""
        whole = self.seconds * self.images
        return [
            (
                name,
                f'{1000 * statistics.median(seconds):.2f} ms',
                f'{100 * sum(seconds) / whole:.0f} %',
            )
            for name, seconds in self.transforms
        ]


def time_loading(
    name: str,
    cfg: Config,
    images: int,
    tick: Callable[[], None] = lambda: None,
) -> Loading:
    """Load images of the training set, as a worker process does.

    Each image is taken at random, as in training; the transforms draw what
    they draw. The first image does not count.

    Args:
        name: of the config.
        cfg: its `train_dataloader` is looked at.
        images: how many, at least 1.
        tick: called after each, for a progress bar.

    Raises:
        ValueError: the training set is wrapped (`RepeatDataset` and alike).
        FileNotFoundError: the data are not there.
    """
    init_default_scope(cfg.default_scope)
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    if not hasattr(dataset, 'pipeline'):
        raise ValueError(
            f'{name}: the training set is a {type(dataset).__name__}, which '
            'has no pipeline of its own. Give a config of one data set.'
        )
    dataset.full_init()
    steps = dataset.pipeline.transforms
    found: list[tuple[str, list[float]]] = [
        (type(step).__name__, []) for step in steps
    ]
    order = np.random.default_rng(0).integers(len(dataset), size=images + 1)
    for position, index in enumerate(order):
        data = dataset.get_data_info(int(index))
        for step, (_, seconds) in zip(steps, found, strict=True):
            start = time.perf_counter()
            data = step(data)
            if position:
                seconds.append(time.perf_counter() - start)
            if data is None:  # a transform may refuse; the data set retries
                break
        tick()
    return Loading(name, [pair for pair in found if pair[1]], images)


def write_loading(found: list[Loading], folder: Path) -> Path:
    """Write loading.md and return its path."""
    lines = ['# Loading of training images, one process']
    for loading in found:
        lines += ['', f'## {loading.title}', '']
        lines += markdown_table(COLUMNS, loading.rows())
    path = folder / 'loading.md'
    write_atomically(path, '\n'.join([*lines, '']).encode())
    return path


def loading_table(loading: Loading) -> Table:
    """For a terminal."""
    table = Table(*COLUMNS, title=loading.title)
    for row in loading.rows():
        table.add_row(*row)
    return table


def report_loading(
    configs: Mapping[str, Config], images: int, folder: Path, console: Console
) -> Path:
    """Time each config, print its table, write loading.md.

    Raises:
        ValueError: see `time_loading`.
    """
    found = []
    with Progress(console=console) as progress:
        for name, cfg in configs.items():
            task = progress.add_task(name, total=images + 1)
            tick = partial(progress.advance, task)
            found.append(time_loading(name, cfg, images, tick))
            progress.console.print(loading_table(found[-1]))
    return write_loading(found, folder)
