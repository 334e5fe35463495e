"""Data that are ready to train on, as `prepare` leaves them."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...fileio.atomic import write_atomically
from ...fileio.folders import list_names
from .terms import Colour, Task

FILE = 'prepared.json'
GENERATOR = 'xnet_mm fit'


@dataclass(frozen=True)
class DepthStatistics:
    """Depths of the training images, metres.

    Attributes:
        low: the nearest.
        high: the farthest.
        percentiles: 1 %, 50 % and 99 % of the depths are nearer.
        valid_share: of all pixels, those with a depth.
    """

    low: float
    high: float
    percentiles: tuple[float, float, float]
    valid_share: float


@dataclass(frozen=True)
class Prepared:
    """Data sets for the tools, and what a plan needs to know of them.

    Attributes:
        folder: of what was written.
        task: what can be trained.
        train: settings of a data set, without pipeline, for
            `train_dataloader.dataset`.
        val: likewise.
        test: likewise; None where there is none.
        counts: images by split.
        image_size: (height, width), the median of training images.
        classes: names, of labels.
        palette: an RGB colour for each.
        class_shares: (K,) float64, shares of the labelled pixels of the
            training images; they sum to 1.
        depth: of depth maps; else None.
        notes: what the user should know.
        was_there: whether an earlier call has done it all.
    """

    folder: Path
    task: Task
    train: dict[str, Any]
    val: dict[str, Any]
    test: dict[str, Any] | None
    counts: dict[str, int]
    image_size: tuple[int, int]
    classes: tuple[str, ...] = ()
    palette: tuple[Colour, ...] = ()
    class_shares: np.ndarray | None = None
    depth: DepthStatistics | None = None
    notes: tuple[str, ...] = ()
    was_there: bool = False


def save(prepared: Prepared, folder: Path, fingerprint: str) -> None:
    """Write what `load` reads.

    Args:
        prepared: whose folder is the final one.
        folder: where to write.
        fingerprint: of what it was made from.
    """
    data = asdict(replace(prepared, class_shares=None))
    shares = prepared.class_shares
    data['class_shares'] = None if shares is None else shares.tolist()
    data.update(
        folder=str(prepared.folder),
        generator=GENERATOR,
        fingerprint=fingerprint,
        files=sorted(list_names(folder)),
    )
    text = json.dumps(data, indent=1) + '\n'
    write_atomically(folder / FILE, text.encode())


def load(folder: Path, fingerprint: str) -> Prepared | None:
    """What was prepared from the same, or None.

    Args:
        folder: where it may be.
        fingerprint: of what it has to be made from.
    """
    data = read(folder)
    if data.pop('fingerprint', None) != fingerprint:
        return None
    del data['generator']
    if not all((folder / name).is_file() for name in data.pop('files', ())):
        return None
    shares, depth = data['class_shares'], data['depth']
    data.update(
        folder=Path(data['folder']),
        image_size=tuple(data['image_size']),
        classes=tuple(data['classes']),
        palette=tuple(tuple(colour) for colour in data['palette']),
        class_shares=None if shares is None else np.array(shares),
        depth=depth and _statistics(depth),
        notes=tuple(data['notes']),
        was_there=True,
    )
    return Prepared(**data)


def read(folder: Path) -> dict[str, Any]:
    """The file in a folder that `save` wrote; empty if there is none."""
    try:
        data = json.loads((folder / FILE).read_text())
    except (OSError, ValueError):
        return {}
    ours = isinstance(data, dict) and data.get('generator') == GENERATOR
    return data if ours else {}


def _statistics(data: Mapping[str, Any]) -> DepthStatistics:
    return DepthStatistics(
        **{**data, 'percentiles': tuple(data['percentiles'])}
    )
