"""What MMEngine's own logs say of one training run, resumed or not."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.config import Config

from ..fileio.plain_config import read_plain_config

CONFIG = '*/vis_data/config.py'
SCALARS = '*/vis_data/scalars.json'
TIMINGS = ('data_time', 'time', 'step')
# What begins so may be nan; all else that is has gone wrong.
MAY_BE_UNDEFINED = ('boundary_', 'grid_contrast_')
# What tools/train.py sets on its own, and so says nothing of the training.
OF_THE_LAUNCH = ('work_dir', 'resume', 'env_cfg')
# Hooks that say what is wrong, or let a run go on, and change no figure.
GUARDS = (
    *('CheckpointCheck', 'FiniteCheck', 'ModelCheck'),
    *('ResumeSettings', 'StopOnSignal'),
)

# A type that gives the same figures as one that runs had before it.
SAME = {'xnet_mm.WeightedCrossEntropyLoss': 'CrossEntropyLoss'}


class RunLog(NamedTuple):
    """The scalars of a run.

    Attributes:
        losses: Training loss by iteration, as the logger hook averaged it.
        validations: Metrics by the iteration of the validation.
        rates: Learning rate by iteration, where the logger hook wrote it.
    """

    losses: dict[int, float]
    validations: dict[int, dict[str, float]]
    rates: dict[int, float]

    @property
    def iteration(self) -> int:
        """The last iteration that was logged."""
        return max([0, *self.losses, *self.validations])


def read_log(folder: Path) -> RunLog:
    """Read the logs below a work dir; each resume has a folder of its own.

    A resumed run repeats the iterations since its last checkpoint: the later
    figures count, as they led to the weights that were validated.

    Raises:
        ValueError: a line that is none of a log, other than a last one that
            was cut short; names file and line.
    """
    log = RunLog({}, {}, {})
    for path in sorted(folder.glob(SCALARS)):
        for where, line in _lines(path):
            step = line.get('step')
            if type(step) is not int or step < 0:
                raise _wrong(where, f'step={step!r:.40}, wanted a number')
            if 'loss' in line:
                log.losses[step] = _number(line['loss'], 'loss', where)
                if 'lr' in line:
                    log.rates[step] = _number(line['lr'], 'lr', where)
            else:
                log.validations[step] = {
                    k: _number(v, k, where)
                    for k, v in line.items()
                    if k not in TIMINGS and not _is_undefined(k, v)
                }
    return log


def _lines(path: Path) -> Iterator[tuple[str, dict]]:
    """What each line holds, and where it is, for errors."""
    content = path.read_bytes()
    lines = content.splitlines()
    for number, line in enumerate(lines, 1):
        where = f'{path}, line {number}'
        try:
            values = json.loads(line.decode())
        except (ValueError, RecursionError) as error:
            is_cut = number == len(lines) and not content.endswith(b'\n')
            if is_cut and line.startswith(b'{'):  # by a kill
                return
            raise _wrong(where, f'wanted JSON, got {line[:60]!r}') from error
        if not isinstance(values, dict):
            raise _wrong(where, f'wanted names and values, got {line[:60]!r}')
        yield where, values


def _is_undefined(name: str, value: Any) -> bool:
    """Whether it has no value here: no edges in the truth, say."""
    is_number = isinstance(value, float)
    may_be = is_number and name.startswith(MAY_BE_UNDEFINED)
    return may_be and not math.isfinite(value)


def _number(value: Any, name: str, where: str) -> float:
    # JSON has no NaN, Python's reader does.
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise _wrong(where, f'{name}={value!r:.40}, wanted a finite number')
    return value


def _wrong(where: str, what: str) -> ValueError:
    return ValueError(
        f"{where}: {what}. Delete the run's folder to train it again."
    )


def changed_settings(folder: Path, cfg: Config, seed: int) -> list[str]:
    """How the config of the logged runs in `folder` differs from `cfg`.

    Args:
        folder: Work dir of the run.
        cfg: What would be trained now.
        seed: The run's own, `randomness.seed`.

    Returns:
        A text for each setting that differs; nothing without a log.

    Raises:
        ValueError: the config of a run is not one that MMEngine dumped.
    """
    now = _without_guards(cfg.to_dict())
    now['randomness'] = dict(now.get('randomness') or {}, seed=seed)
    texts: dict[str, None] = {}  # in order, each once
    for path in sorted(folder.glob(CONFIG)):
        if path.with_name('scalars.json').exists():
            # Of whoever ran it: read, never run.
            then = _without_guards(read_plain_config(path))
            texts |= dict.fromkeys(_differences(then, now))
    return list(texts)


def _without_guards(config: dict) -> dict:
    """tools/train.py adds them to every config; an old run lacks some."""
    guards = [dict(type=f'xnet_mm.{name}Hook') for name in GUARDS]
    hooks = config.get('custom_hooks') or []
    hooks = [hook for hook in hooks if hook not in guards]
    rest = {k: v for k, v in config.items() if k != 'custom_hooks'}
    return dict(rest, custom_hooks=hooks) if hooks else rest


def _differences(then: Any, now: Any, name: str = '') -> Iterator[str]:
    if isinstance(then, dict) and isinstance(now, dict):
        for key in sorted({*then, *now} - {*OF_THE_LAUNCH}):
            absent = 'not set'
            yield from _differences(
                then.get(key, absent),
                now.get(key, absent),
                f'{name}.{key}' if name else key,
            )
    elif then != now and not _the_same(then, now):
        yield f'{name}: {_short(then)} in the run, {_short(now)} now'


def _the_same(then: Any, now: Any) -> bool:
    """Whether two words are two names of one thing."""
    words = isinstance(then, str) and isinstance(now, str)
    return words and SAME.get(then, then) == SAME.get(now, now)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f'{text[:57]}...'
