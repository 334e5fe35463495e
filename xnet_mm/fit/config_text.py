"""The config that `fit` writes: for MMEngine to run, for people to edit."""

import textwrap
from collections.abc import Mapping, Sequence
from pprint import pformat
from typing import Any

from .folder.prepared import Prepared
from .plan import Plan
from .schedule import Choice
from .template import DEPTH, EVALUATORS, HEAD, SEGMENTATION, TAIL

WIDTH = 79
# Metric to keep the best by, its direction, and what counts as better.
METRICS = {
    'segmentation': ('mIoU', 'greater', 0.1),
    'depth': ('abs_rel', 'less', 0.001),
}
BASES = "__import__('xnet_mm').configs_dir() / '_base_/{}.py',"


def write_config(
    prepared: Prepared, plan: Plan, understood: Sequence[str]
) -> str:
    """The text of the config.

    Args:
        prepared: the data sets.
        plan: the numbers.
        understood: what was said of the data, a line each.
    """
    is_depth = plan.task == 'depth'
    bases = ['models/xnet', 'loaders/segmentation', 'default_runtime']
    if is_depth:
        bases = ['models/xnet-depth', 'loaders/depth', 'depth_runtime']
    bases.insert(2, 'schedules/schedule_2k')
    iterations = plan.iterations.value
    parts = [HEAD, DEPTH if is_depth else SEGMENTATION, TAIL]
    metric, rule, min_delta = METRICS[plan.task]
    values = dict(
        understood='\n'.join(comments(line) for line in understood),
        bases='\n    '.join(BASES.format(base) for base in bases),
        weights=assign('weights', plan.weights),
        crop_size=assign('crop_size', plan.crop),
        scale=assign('scale', plan.scale),
        train_data=data_set('train_data', prepared.train),
        val_data=data_set('val_data', prepared.val),
        test_data='test_data = val_data',
        batch_size=assign('batch_size', plan.batch),
        workers=plan.workers,
        max_iters=assign('max_iters', plan.iterations),
        val_interval=assign('val_interval', plan.interval),
        warmup=min(25, iterations // 10),
        metric=metric,
        rule=rule,
        min_delta=min_delta,
        patience=plan.patience,
        ema=f"dict(type='EMAHook', momentum={momentum(iterations)}),",
        metainfo=metainfo(prepared),
        evaluators=EVALUATORS if is_depth else '',
    )
    if prepared.test is not None:
        values['test_data'] = data_set('test_data', prepared.test)
    if plan.max_depth is not None:
        values['max_depth'] = assign('max_depth', plan.max_depth)
    if plan.class_weights is not None:
        values['class_weight'] = assign('class_weight', plan.class_weights)
        values['num_classes'] = len(plan.class_weights.value)
    return '\n'.join(part.format(**values) for part in parts)


def metainfo(prepared: Prepared) -> str:
    """The assignment of what all splits share."""
    if prepared.task == 'depth':
        return 'metainfo = dict(max_depth=max_depth)'
    return assign_dict(
        'metainfo',
        dict(classes=prepared.classes, palette=prepared.palette),
    )


def data_set(name: str, settings: Mapping[str, Any]) -> str:
    """The assignment of a split; what all share is named."""
    own = {k: v for k, v in settings.items() if k != 'metainfo'}
    return assign_dict(name, own).removesuffix(')') + (
        '    metainfo=metainfo,\n)'
    )


def momentum(iterations: int) -> float:
    """Of the averaged weights: over a fiftieth of the training."""
    return float(f'{min(max(50 / iterations, 2e-4), 0.1):.1g}')


def assign(name: str, choice: Choice) -> str:
    """`name = value`, its reason as a comment where there is room."""
    value = pformat(
        choice.value, width=WIDTH - len(name) - 3, sort_dicts=False
    )
    if '\n' in value:  # a list over several lines, indented as code is
        value = pformat(choice.value, width=WIDTH - 4, compact=True)
        inner = value[1:-1].replace('\n ', '\n    ')
        value = f'{value[0]}\n    {inner},\n{value[-1]}'
    line = f'{name} = {value}'
    if '\n' not in line and len(line) + 4 + len(choice.reason) <= WIDTH:
        return f'{line}  # {choice.reason}'
    comment = comments(choice.reason[:1].upper() + choice.reason[1:] + '.')
    return f'{comment}\n{line}'


def comments(text: str) -> str:
    """Text as lines of comment."""
    return textwrap.fill(
        text, WIDTH, initial_indent='# ', subsequent_indent='# '
    )


def assign_dict(name: str, values: Mapping[str, Any]) -> str:
    """`name = dict(key=value, ...)`, a line each."""
    lines = []
    for key, value in values.items():
        text = pformat(value, width=WIDTH - 8, compact=True, sort_dicts=False)
        if '\n' in text:  # broken where code would be
            inner = text[1:-1].replace('\n ', '\n        ')
            text = f'{text[0]}\n        {inner},\n    {text[-1]}'
        lines.append(f'    {key}={text},')
    body = '\n'.join(lines)
    return f'{name} = dict(\n{body}\n)'
