"""What a config says of a training, in words."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import ConfigDict

from ..ablation.logs import RunLog
from ..prediction.card import NOT_KNOWN, pretrained_of
from ..prediction.run_folder import Run
from .data import Split
from .overview import Overview


def describe_model(values: Mapping[str, Any]) -> str:
    """Encoder × decoder, or the boxes of another model."""
    model = values['model']
    encoder = _box(model.get('backbone'), 'encoder')
    neck = model.get('neck')
    if neck:
        return f'{encoder} × {_box(neck, "decoder")}'
    return f'{encoder} + {_kind(model.get("decode_head"))}'


def _box(config: Any, role: str) -> str:
    if not isinstance(config, Mapping):
        return 'unknown'
    name = config.get(role)
    if isinstance(name, Mapping):
        name = name.get('model_name') or name.get('type')
    if name:
        return str(name)
    depth = config.get('depth')
    return _kind(config) + (f'-{depth}' if type(depth) is int else '')


def _kind(config: Any) -> str:
    """The class that a config names, without where it is from."""
    kind = config.get('type') if isinstance(config, Mapping) else None
    return str(kind or 'unknown').rpartition('.')[2]


def facts_of_training(
    values: Mapping[str, Any],
    run: Run,
    log: RunLog | None,
    training: Overview | None,
) -> dict[str, str]:
    """Name -> text, for the head of the page."""
    model = values['model']
    loader = _dict(values.get('train_dataloader'))
    found = {'checkpoint': f'{run.checkpoint.name}, {run.which}'}
    heads = [_kind(model.get(k)) for k in ('decode_head', 'depth_head')]
    found['head'] = ', '.join(h for h in heads if h != 'unknown')
    starts = [
        f'{p.role} {p.model} ({p.source.rpartition("/")[2]}'
        + (')' if p.licence == NOT_KNOWN else f', {p.licence})')
        for p in pretrained_of(ConfigDict(model))
    ]
    found['started from'] = ', '.join(starts) or 'random weights'
    if training is not None:
        found['trained on'] = f'{training.images} images'
    batch = loader.get('batch_size')
    length = _length(values)
    if length:
        reached = f', {log.iteration} reached' if log else ''
        per_step = f', {batch} images at once in each process' if batch else ''
        found['length'] = f'{length}{reached}{per_step}'
    wrapper = _dict(values.get('optim_wrapper'))
    optimizer = _dict(wrapper.get('optimizer'))
    if optimizer:
        rate = optimizer.get('lr')
        found['optimizer'] = _kind(optimizer) + (
            f', learning rate {rate:g}'
            if isinstance(rate, float | int)
            else ''
        )
    seed = _dict(values.get('randomness')).get('seed')
    if seed is not None:
        found['seed'] = str(seed)
    return found


def _dict(value: Any) -> dict:
    """A part of the config; empty where it is no such part."""
    return value if isinstance(value, dict) else {}


def _length(values: Mapping[str, Any]) -> str:
    loop = _dict(values.get('train_cfg'))
    for key, noun in (('max_iters', 'iterations'), ('max_epochs', 'epochs')):
        if loop.get(key):
            return f'{loop[key]} {noun}'
    return ''


def counts_epochs(values: Mapping[str, Any]) -> bool:
    """Whether the validations in the log are numbered by epoch."""
    loop = _dict(values.get('train_cfg'))
    return bool(loop.get('by_epoch')) or 'Epoch' in str(loop.get('type'))


def describe_inference(values: Mapping[str, Any], split: Split) -> str:
    """How an image gets through the model in a test."""
    test = _dict(values['model'].get('test_cfg'))
    if test.get('mode') == 'slide':
        words = [
            f'sliding windows of {_size(test.get("crop_size"))}, '
            f'stride {_size(test.get("stride"))}'
        ]
    else:
        words = ['whole images']
    if test.get('flip'):
        words.append('averaged with the flipped image')
    for step in split.transforms:
        name = type(step).__name__
        scale = getattr(step, 'scale', None)
        if 'Resize' in name and scale:
            words.append(f'resized to {_size(scale)} before')
        elif 'Crop' in name:
            words.append(f'cut by {name} before')
    return ', '.join(words)


def _size(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return '×'.join(map(str, value))
    return str(value)


def step_of(checkpoint: Path) -> int:
    """The iteration or epoch in a checkpoint's name; -1 without one."""
    number = checkpoint.stem.rpartition('_')[2]
    return int(number) if number.isdecimal() else -1
