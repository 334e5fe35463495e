"""The config as a whole, before anything is built from it."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from typing import Any

from mmengine.config import Config, DictAction
from mmseg.registry import OPTIMIZERS

from ..checks import check_number, check_whole

BRACKETS = (('(', ')'), ('[', ']'))
DOWN_TO_0 = ('PolyLR', 'CosineAnnealingLR')  # unless they have an eta_min
IOU_METRICS = ('mIoU', 'mDice', 'mFscore')  # of mmseg's IoUMetric
Check = Callable[[object, str], object]
# What every config of MMEngine may have and need not.
RUNNER_KEYS = (
    *('auto_scale_lr', 'cfg', 'custom_hooks', 'custom_imports'),
    *('default_hooks', 'default_scope', 'env_cfg', 'experiment_name'),
    *('find_unused_parameters', 'launcher', 'load_from', 'log_level'),
    *('log_processor', 'model', 'model_wrapper_cfg', 'optim_wrapper'),
    *('param_scheduler', 'randomness', 'resume', 'runner_type', 'strategy'),
    *('sync_bn', 'tta_model', 'tta_pipeline', 'visualizer', 'work_dir'),
    *('train_cfg', 'train_dataloader', 'train_pipeline'),
    *('val_cfg', 'val_dataloader', 'val_evaluator'),
    *('test_cfg', 'test_dataloader', 'test_evaluator', 'test_pipeline'),
)


class ConfigChanges(DictAction):
    """MMEngine's KEY=VALUE..., with an error of the command line's style."""

    def __call__(
        self,
        parser: ArgumentParser,
        namespace: Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Add the pairs to the namespace, one after the other."""
        for pair in values or ():
            key, equals, value = pair.partition('=')
            try:
                if not equals or not all(key.split('.')):
                    raise ValueError('wanted KEY=VALUE, KEY as in a.b.c')
                if any(value.count(a) != value.count(b) for a, b in BRACKETS):
                    raise ValueError('wanted as many brackets shut as open')
                super().__call__(parser, namespace, [pair], option_string)
            except (AssertionError, ValueError) as error:
                parser.error(f'argument {option_string}: {pair!r}: {error}')


def merge_changes(cfg: Config, changes: Mapping[str, object] | None) -> None:
    """Merge the pairs of `--cfg-options` into a config.

    A new key is taken, as MMEngine does, unless it looks like a misspelt
    one: nobody would read it, and the run would not be what was asked for.

    Raises:
        ValueError: a pair that the config refuses, or a misspelt key.
    """
    if not changes:
        return
    known = [*cfg, *RUNNER_KEYS]
    for key in changes:
        first = key.partition('.')[0]
        near = get_close_matches(first, known, 1, 0.8)
        if first not in known and near:
            raise ValueError(
                f'--cfg-options {key}=...: the config has no {first!r}, and '
                f'nothing would read it. Did you mean {near[0]!r}?'
            )
    try:
        cfg.merge_from_dict(dict(changes))
    except Exception as error:  # KeyError, TypeError, AssertionError, ...
        pairs = ' '.join(f'{key}={value}' for key, value in changes.items())
        raise ValueError(
            f'--cfg-options {pairs}: does not fit {cfg.filename} '
            f'({type(error).__name__}: {error})'
        ) from error


def check_config(cfg: Config) -> None:
    """Refuse numbers of a config that no run survives.

    Zero iterations end at once and call themselves trained, batches of zero
    and data sets of no image wait for ever.

    Raises:
        ValueError: with the key, the value and what is wanted.
    """
    positive: Check = partial(check_whole, least=1)
    rules: dict[str, Check] = {
        'train_cfg.max_iters': positive,
        'train_cfg.max_epochs': positive,
        'train_cfg.val_interval': positive,
        'train_cfg.val_begin': check_whole,
        'randomness.seed': partial(check_whole, most=2**32 - 1),
        'optim_wrapper.accumulative_counts': positive,
        'optim_wrapper.optimizer.lr': partial(check_number, least=0),
        'optim_wrapper.optimizer.weight_decay': partial(check_number, least=0),
        'optim_wrapper.clip_grad.max_norm': partial(check_number, above=0),
        'default_hooks.checkpoint.interval': _interval,
        'default_hooks.logger.interval': positive,
    }
    for loader in ('train', 'val', 'test'):
        name = f'{loader}_dataloader'
        rules[f'{name}.batch_size'] = positive
        rules[f'{name}.num_workers'] = check_whole
        rules[f'{name}.dataset.indices'] = _indices
    for key, check in rules.items():
        value = _find(cfg, key)
        if value is not None:
            check(value, f'{cfg.filename}: {key}')
    check_length(cfg)
    kind = _find(cfg, 'optim_wrapper.optimizer.type')
    if isinstance(kind, str) and cfg.get('default_scope') == 'mmseg':
        check_optimizer(kind, f'{cfg.filename}: optim_wrapper.optimizer.type')
    for key in ('val_evaluator', 'test_evaluator'):
        check_iou_metrics(cfg.get(key), f'{cfg.filename}: {key}')


def check_length(cfg: Config) -> None:
    """Refuse iterations after a schedule that has come down to rate 0.

    Raises:
        ValueError: with both lengths.
    """
    length = _find(cfg, 'train_cfg.max_iters')
    found = cfg.get('param_scheduler') or []
    schedulers = found if isinstance(found, list | tuple) else [found]
    ends: list[int] = []
    for scheduler in schedulers:
        given = isinstance(scheduler, dict) and scheduler.get('end')
        if not given or scheduler.get('by_epoch', True):
            return  # it never ends, or counts epochs
        ends.append(given)
    if not isinstance(length, int) or not ends:
        return
    end = max(ends)
    last = schedulers[ends.index(end)]
    kind = str(last.get('type')).rpartition('.')[2]
    low = last.get('eta_min') or last.get('eta_min_ratio')
    if end < length and kind in DOWN_TO_0 and not low:
        raise ValueError(
            f'{cfg.filename}: train_cfg.max_iters is {length}, but {kind} of '
            f'param_scheduler ends at {end} with rate 0: the last '
            f'{length - end} iterations would train nothing. Set its end to '
            f'{length} (param_scheduler.{ends.index(end)}.end={length}), '
            f'max_iters to {end}, or an eta_min.'
        )


def check_optimizer(kind: str, name: str) -> None:
    """Refuse an optimiser that nobody registered.

    Raises:
        ValueError: with names that are alike.
    """
    if OPTIMIZERS.get(kind) is None:
        near = get_close_matches(kind, OPTIMIZERS.parent.module_dict, 3)
        raise ValueError(
            f'{name} is {kind!r}, which is not registered'
            f'{"; " * bool(near)}{", ".join(near)}'
        )


def check_iou_metrics(evaluator: Any, name: str) -> None:
    """Refuse names that IoUMetric does not know, before the first test.

    Raises:
        ValueError: with the name and those that it knows.
    """
    if isinstance(evaluator, list | tuple):
        for each in evaluator:
            check_iou_metrics(each, name)
    elif isinstance(evaluator, dict):
        check_iou_metrics(evaluator.get('metrics'), name)
        wanted = evaluator.get('iou_metrics') or ()
        for word in [wanted] if isinstance(wanted, str) else wanted:
            if word not in IOU_METRICS:
                raise ValueError(
                    f'{name}: iou_metrics has {word!r}, wanted some of '
                    f'{", ".join(IOU_METRICS)}'
                )


def _find(cfg: Config, key: str) -> object:
    """The value at a.b.c, or None where there is none."""
    node: Any = cfg
    for part in key.split('.'):
        node = node.get(part) if isinstance(node, Config | dict) else None
    return node


def _interval(value: object, name: str) -> None:
    """-1 is MMEngine's way to say never."""
    if value != -1 or isinstance(value, bool):
        check_whole(value, name, least=1)


def _indices(value: object, name: str) -> None:
    """MMEngine's: the first N (-N: the last), or the numbers of a list."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        for index in value:
            check_whole(index, f'an entry of {name}')
        empty = not value
    else:
        check_whole(value, name, least=-(2**62))
        empty = value == 0
    if empty:
        raise ValueError(f'{name} is {value!r}, which leaves no image')
