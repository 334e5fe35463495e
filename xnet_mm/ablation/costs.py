"""What each model of an ablation costs: counted, and timed taking turns."""

import json
import statistics
from collections.abc import Callable, Mapping
from copy import deepcopy
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.config import Config

from ..benchmark import Setting, build_subject, measure
from ..benchmark.clock import Clock
from ..fileio.atomic import write_atomically

FILE = 'costs.json'


class Cost(NamedTuple):
    """Of the prediction of one image of the training crop.

    Attributes:
        parameters: All of them.
        macs: Multiply-accumulates.
        seconds: Of each turn.
        device: What it was timed on.
        model: Digest of the config's model: of another one nothing is known.
    """

    parameters: int
    macs: int
    seconds: list[float]
    device: str
    model: str

    @property
    def median(self) -> float:
        """Of the seconds."""
        return statistics.median(self.seconds)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return dict(self._asdict(), median=self.median)


def measure_costs(
    cfgs: Mapping[str, Config],
    turns: int,
    tick: Callable[[], None] = lambda: None,
) -> dict[str, Cost]:
    """Count and time the models, in turns (A B A B).

    Nothing else should run on the machine; how noisy it was is seen by the
    distance of the median from the fastest.

    Args:
        cfgs: Config's path -> config.
        turns: Timed calls of each model.
        tick: Called after every call.

    Returns:
        Config's name -> cost.

    Raises:
        SystemExit: models of different crops, or one that does not run.
    """
    sizes = {tuple(c.model.data_preprocessor.size) for c in cfgs.values()}
    if len(sizes) > 1:
        raise SystemExit(
            f'--costs: the configs have crops of {sorted(sizes)}; wanted one, '
            'as times of different sizes do not compare.'
        )
    clock = Clock('cpu')
    subjects = [
        build_subject(Path(config).stem, deepcopy(cfg), 'cpu')
        for config, cfg in cfgs.items()
    ]
    records = measure(subjects, Setting(sizes.pop()), clock, turns, tick)
    for record in records:
        if record['error']:
            raise SystemExit(f'--costs: {record["name"]}: {record["error"]}')
    return {
        record['name']: Cost(
            record['parameters'],
            record['macs'],
            record['seconds'],
            clock.name,
            digest(cfg),
        )
        for record, cfg in zip(records, cfgs.values(), strict=True)
    }


def digest(cfg: Config) -> str:
    """Of what decides the cost."""
    text = json.dumps(cfg.model.to_dict(), sort_keys=True, default=str)
    return sha256(text.encode()).hexdigest()


def write_costs(costs: Mapping[str, Cost], folder: Path) -> None:
    """Beside the report, for the reports after it."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({stem: c._asdict() for stem, c in costs.items()})
    write_atomically(folder / FILE, f'{text}\n'.encode())


def read_costs(cfgs: Mapping[str, Config], folder: Path) -> dict[str, Cost]:
    """The costs that were written and are still those of these configs.

    Args:
        cfgs: Config's path -> config.
        folder: Of the report.

    Raises:
        SystemExit: the file is none that was written here.
    """
    path = folder / FILE
    if not path.exists():
        return {}
    try:
        costs = {
            stem: Cost(**cost)
            for stem, cost in json.loads(path.read_text()).items()
        }
    except (ValueError, TypeError, AttributeError) as error:
        raise SystemExit(
            f'{path}: {error}. Delete it and measure again (--costs).'
        ) from error
    digests = {Path(config).stem: digest(cfg) for config, cfg in cfgs.items()}
    return {
        stem: costs[stem]
        for stem, model in digests.items()
        if stem in costs and costs[stem].model == model
    }
