"""What MMEngine's own logs say of one training run, resumed or not."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.config import Config

CONFIG = '*/vis_data/config.py'
SCALARS = '*/vis_data/scalars.json'
TIMINGS = ('data_time', 'time', 'step')
# What tools/train.py sets on its own, and so says nothing of the training.
OF_THE_LAUNCH = ('work_dir', 'resume')


class RunLog(NamedTuple):
    """The scalars of a run.

    Attributes:
        losses: Training loss by iteration, as the logger hook averaged it.
        validations: Metrics by the iteration of the validation.
    """

    losses: dict[int, float]
    validations: dict[int, dict[str, float]]

    @property
    def iteration(self) -> int:
        """The last iteration that was logged."""
        return max([0, *self.losses, *self.validations])


def read_log(folder: Path) -> RunLog:
    """Read the logs below a work dir; each resume has a folder of its own.

    A resumed run repeats the iterations since its last checkpoint: the later
    figures count, as they led to the weights that were validated.

    Raises:
        ValueError: a line that is no JSON, other than the last one.
    """
    log = RunLog({}, {})
    for path in sorted(folder.glob(SCALARS)):
        for line in _lines(path):
            if 'loss' in line:
                log.losses[line['step']] = line['loss']
            else:
                log.validations[line['step']] = {
                    k: v for k, v in line.items() if k not in TIMINGS
                }
    return log


def _lines(path: Path) -> Iterator[dict]:
    lines = path.read_text().splitlines()
    for number, line in enumerate(lines, 1):
        try:
            yield json.loads(line)
        except json.JSONDecodeError as error:
            if number < len(lines):  # a kill may cut the last one short
                raise ValueError(
                    f'{path}, line {number}: wanted JSON, got {line[:60]!r}. '
                    f"Delete the run's folder to train it again."
                ) from error


def changed_settings(folder: Path, cfg: Config, seed: int) -> list[str]:
    """How the config of the logged runs in `folder` differs from `cfg`.

    Args:
        folder: Work dir of the run.
        cfg: What would be trained now.
        seed: The run's own, `randomness.seed`.

    Returns:
        A text for each setting that differs; nothing without a log.
    """
    now = cfg.to_dict()
    now['randomness'] = dict(now.get('randomness') or {}, seed=seed)
    texts: dict[str, None] = {}  # in order, each once
    for path in sorted(folder.glob(CONFIG)):
        if path.with_name('scalars.json').exists():
            then = Config.fromfile(path, import_custom_modules=False)
            texts |= dict.fromkeys(_differences(then.to_dict(), now))
    return list(texts)


def _differences(then: Any, now: Any, name: str = '') -> Iterator[str]:
    if isinstance(then, dict) and isinstance(now, dict):
        for key in sorted({*then, *now} - {*OF_THE_LAUNCH}):
            absent = 'not set'
            yield from _differences(
                then.get(key, absent),
                now.get(key, absent),
                f'{name}.{key}' if name else key,
            )
    elif then != now:
        yield f'{name}: {_short(then)} in the run, {_short(now)} now'


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f'{text[:57]}...'
