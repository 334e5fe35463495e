"""The config that `fit` writes: for MMEngine to run, for people to edit."""

import textwrap
from collections.abc import Mapping, Sequence
from pprint import pformat
from typing import Any

from .folder.prepared import Prepared
from .plan import Choice, Plan

WIDTH = 79
# Metric to keep the best by, its direction, and what counts as better.
METRICS = {
    'segmentation': ('mIoU', 'greater', 0.1),
    'depth': ('abs_rel', 'less', 0.001),
}
BASES = "__import__('xnet_mm').configs_dir() / '_base_/{}.py',"

HEAD = """\
# Written by `python -m xnet_mm fit`. Every number is yours to change:
#   python -m xnet_mm train CONFIG --work-dir FOLDER
# trains what it says, and so does the tools/train.py of MMSegmentation.
{understood}
_base_ = [
    {bases}
]
custom_imports = dict(imports=['xnet_mm'])

# Encoder and decoder are a small model that learns on a CPU; any other that
# timm has pre-trained and that has four stages may take its place.
name = 'tf_efficientnet_lite0'
{weights}
{crop_size}
{scale}
"""

SEGMENTATION = """\
{class_weight}
num_classes = {num_classes}
model = dict(
    data_preprocessor=dict(
        mean=[127.5, 127.5, 127.5],  # what these weights were trained with
        std=[127.5, 127.5, 127.5],
        size=crop_size,
    ),
    backbone=dict(encoder=name, weights=weights),
    neck=dict(decoder=name, weights=weights, upsample='bilinear'),
    decode_head=dict(
        num_classes=num_classes,
        channels=32,
        pyramid_channels=64,
        upsample='bilinear',
        loss_decode=[
            dict(
                type='xnet_mm.WeightedCrossEntropyLoss',
                class_weight=class_weight,
            ),
            # The IoU itself, of the classes that a batch holds.
            dict(
                type='LovaszLoss',
                loss_type='multi_class',
                classes='present',
                reduction='none',
            ),
        ],
    ),
)

train_pipeline = [
    dict(type='xnet_mm.LoadImage'),
    dict(type='xnet_mm.LoadLabels'),
    dict(
        type='RandomResize',
        scale=scale,
        ratio_range=(0.625, 1.5625),
        keep_ratio=True,
    ),
    dict(type='RandomCrop', crop_size=crop_size, cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PhotoMetricDistortion'),
    dict(type='PackSegInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile', _scope_='xnet_mm'),
    dict(type='Resize', scale=scale, keep_ratio=True),
    # After Resize: the metric is computed at the label's own size.
    dict(type='xnet_mm.LoadLabels'),
    dict(type='PackSegInputs'),
]
"""

DEPTH = """\
{max_depth}
model = dict(
    data_preprocessor=dict(
        mean=[127.5, 127.5, 127.5],  # what these weights were trained with
        std=[127.5, 127.5, 127.5],
        size=crop_size,
    ),
    backbone=dict(encoder=name, weights=weights),
    neck=dict(decoder=name, weights=weights, upsample='bilinear'),
    decode_head=dict(
        max_depth=max_depth,
        channels=32,
        pyramid_channels=64,
        upsample='bilinear',
    ),
)

resize = dict(type='xnet_mm.DepthResize', scale=scale, keep_ratio=True)
train_pipeline = [
    dict(type='xnet_mm.LoadImage'),
    dict(type='xnet_mm.LoadDepth'),
    resize,
    dict(type='xnet_mm.DepthRandomCrop', crop_size=crop_size),
    dict(type='xnet_mm.DepthRandomFlip', prob=0.5),
    dict(type='xnet_mm.DepthColorAug', prob=0.5),
    dict(type='xnet_mm.PackDepthInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile', _scope_='xnet_mm'),
    resize,
    # After the resize: the metric is computed at the truth's own size.
    dict(type='xnet_mm.LoadDepth'),
    dict(type='xnet_mm.PackDepthInputs'),
]
"""

TAIL = """\
{metainfo}
{train_data}
{val_data}
{test_data}
{batch_size}
train_dataloader = dict(
    batch_size=batch_size,
    num_workers={workers},
    dataset=dict(**train_data, pipeline=train_pipeline),
)
val_dataloader = dict(
    num_workers={workers},
    dataset=dict(**val_data, pipeline=test_pipeline, test_mode=True),
)
test_dataloader = dict(
    num_workers={workers},
    dataset=dict(**test_data, pipeline=test_pipeline, test_mode=True),
)

{max_iters}
{val_interval}
warmup_iters = {warmup}
param_scheduler = [
    dict(
        type='LinearLR',
        start_factor=1e-3,
        by_epoch=False,
        begin=0,
        end=warmup_iters,
    ),
    dict(
        type='PolyLR',
        power=1.0,  # linear
        eta_min=0.0,
        by_epoch=False,
        begin=warmup_iters,
        end=max_iters,
    ),
]
train_cfg = dict(max_iters=max_iters, val_interval=val_interval)
default_hooks = dict(
    logger=dict(interval=10),
    # The best one of all validations is kept beside the last.
    checkpoint=dict(
        interval=val_interval,
        save_best='{metric}',
        rule='{rule}',
        max_keep_ckpts=1,
    ),
)
custom_hooks = [
    *_base_.custom_hooks,
    # What is validated and kept are the averaged weights.
    {ema}
    # {patience} validations in a row without a better one end the training.
    dict(
        type='EarlyStoppingHook',
        monitor='{metric}',
        rule='{rule}',
        min_delta={min_delta},
        patience={patience},
    ),
]
{evaluators}"""

EVALUATORS = """\
val_evaluator = dict(type='xnet_mm.DepthProtocolMetric', protocol='custom')
test_evaluator = val_evaluator
"""


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
