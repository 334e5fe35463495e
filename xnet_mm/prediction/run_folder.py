"""What a training left in its folder: config, checkpoints, figures.

The folder may be a stranger's: its config is read as the values that MMEngine
dumped, never run.
"""

import re
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.config import Config

from ..ablation.logs import read_log
from ..fileio.checkpoint import load_checkpoint_file
from ..fileio.pairing_tensors import weights_of
from ..fileio.plain_config import foreign_names, read_plain_config
from ..fileio.resuming import last_checkpoint
from .saved_config import as_config, plain_config

AUXILIARY = 'auxiliary_head.'  # of training alone
HELP = 'Give both by hand: load(CONFIG, CHECKPOINT).'


class Run(NamedTuple):
    """What is taken of a run's folder.

    Attributes:
        config: path of the config.
        checkpoint: path of the checkpoint.
        which: how it was chosen, in words.
    """

    config: Path
    checkpoint: Path
    which: str


def find_run(folder: Path) -> Run:
    """The config of a run, and its best checkpoint or else its last.

    Raises:
        FileNotFoundError: no config, or no checkpoint.
        ValueError: best ones of several metrics; `last_checkpoint` is
            damaged.
    """
    configs = sorted(folder.glob('*.py'), key=_time)
    configs = configs or sorted(folder.glob('*/vis_data/config.py'))
    if not configs:
        raise FileNotFoundError(
            f'{folder}: no config that a training dumped (NAME.py), nor '
            f'config.json and model.safetensors of save_pretrained. {HELP}'
        )
    return Run(configs[-1], *_find_checkpoint(folder))


def _find_checkpoint(folder: Path) -> tuple[Path, str]:
    best: dict[str, Path] = {}
    for path in sorted(folder.glob('best_*.pth'), key=_number):
        metric = re.sub(r'_(iter|epoch)_\d+$', '', path.stem)
        best[metric.removeprefix('best_')] = path
    if len(best) > 1:
        raise ValueError(
            f'{folder} has best checkpoints by {" and by ".join(best)}; '
            f'wanted one. {HELP}'
        )
    for metric, path in best.items():
        return path, f'the best by {metric}'
    last = last_checkpoint(folder)
    if last is not None:
        return Path(last), 'the last one'
    numbered = sorted(
        [*folder.glob('iter_*.pth'), *folder.glob('epoch_*.pth')], key=_number
    )
    if not numbered:
        raise FileNotFoundError(
            f'{folder}: no checkpoint (best_*.pth, iter_*.pth, epoch_*.pth). '
            f'{HELP}'
        )
    return numbered[-1], 'the last one'


def _time(path: Path) -> float:
    return path.stat().st_mtime


def _number(path: Path) -> int:
    """The iteration or epoch in a checkpoint's name; -1 without one."""
    found = re.search(r'_(\d+)$', path.stem)
    return int(found[1]) if found else -1


def read_run_config(path: Path) -> dict[str, Any]:
    """A config that MMEngine dumped, as data.

    Raises:
        ValueError: it is more than values, or names classes of others.
    """
    try:
        values = read_plain_config(path)
    except ValueError as error:
        raise ValueError(f'{error} {_trust(path)}') from None
    foreign = [*foreign_names(values)]
    if foreign or '_base_' in values:
        named = ', '.join(foreign[:4]) or f'_base_={values["_base_"]!r:.60}'
        raise ValueError(
            f'{path} names {named}, which would run code of others. '
            f'{_trust(path)}'
        )
    if not isinstance(values.get('model'), dict):
        raise ValueError(f'{path} has no model=dict(...). {_trust(path)}')
    return values


def build_config(path: Path, values: dict[str, Any]) -> Config:
    """What is built of a run: model and test pipeline, held to a list.

    What only a training needs, its losses, auxiliary head and weights to
    start from, is left out: they open files, and predict nothing.

    Args:
        path: of the config, for errors.
        values: see `read_run_config`.

    Raises:
        ValueError: a class or option that is not on the list.
    """
    try:
        plain = plain_config(Config(values))
    except ValueError as error:
        raise ValueError(f'{path}: {error}. {_trust(path)}') from None
    cfg = as_config(plain)
    for key in ('custom_hooks', 'test_evaluator'):
        if key in values:
            cfg[key] = values[key]
    return cfg


def read_run_checkpoint(path: Path) -> dict[str, Any]:
    """A checkpoint without the auxiliary head, which predicts nothing.

    Raises:
        ValueError: it is damaged, or wants to run code.
    """
    content = load_checkpoint_file(path)
    state = weights_of(content)
    kept = {k: v for k, v in state.items() if not k.startswith(AUXILIARY)}
    return {**content, 'state_dict': kept} if 'meta' in content else kept


def _trust(path: Path) -> str:
    return (
        "A run's folder is read as data. If you trust the config: "
        f'load({str(path)!r}, CHECKPOINT).'
    )


def read_figures(checkpoint: Path) -> dict[str, float]:
    """Metrics of the validation that a checkpoint was written at.

    By the logs beside it; without them, or where they are damaged, none.
    """
    with suppress(OSError, ValueError):
        log = read_log(checkpoint.parent)
        return dict(log.validations.get(_number(checkpoint), {}))
    return {}
