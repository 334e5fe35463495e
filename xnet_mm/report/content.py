"""What a page is made of, and how its figures are written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..ablation.figures import ALL
from ..ablation.logs import RunLog
from ..prediction.run_folder import Run
from .data import Split
from .depth import MEANINGS
from .measure import Measured
from .overview import Overview


@dataclass
class Report:
    """All that a page is made of.

    Attributes:
        title: of the page.
        folder: of the run.
        run: its config and checkpoint.
        values: of the config.
        parameters: of the model, without an auxiliary head.
        validation: the data.
        measured: what the pass over them said.
        training: what was found of the training data, or why nothing.
        log: of the run, or why there is none.
        notes: lines that whoever asked for the page wants on it.
        grid: JPEG of the picture to share, or None.
        grid_file: where it lies.
    """

    title: str
    folder: Path
    run: Run
    values: Mapping[str, Any]
    parameters: int
    validation: Split
    measured: Measured
    training: Overview | str
    log: RunLog | str
    notes: Sequence[str]
    grid: bytes | None
    grid_file: Path


def title_of(key: str) -> str:
    """The name of a figure with an arrow to what is better."""
    name, _, better = MEANINGS.get(key, (key, '', ''))
    if key in ALL:
        better = ALL[key].better
    return f'{name} {better}'.strip()


def figure(key: str, value: float) -> str:
    """A figure with the digits that it is printed with."""
    if not np.isfinite(value):
        return '–'
    return f'{value:.{2 if key in ("mIoU", "aAcc", "mAcc") else 4}f}'
