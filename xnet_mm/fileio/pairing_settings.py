"""Settings of a model that no shape shows: the config in the checkpoint.

The `model` section of the config that trained is compared with the one that
the model was built of. The rule: what only training uses, how a test is run
(`test_cfg`, sizes, thresholds) and where weights came from may differ;
`SyncBN` is `BN`; an option that one side leaves out has its default.
Anything else changes the prediction, or may, and counts.
"""

import inspect
from collections.abc import Iterator
from typing import Any

from .plain_config import PACKAGES, parse_plain_config

MAY_DIFFER = {
    # where weights come from
    *('init_cfg', 'pretrained', 'weights', 'checkpoint', 'mix_init'),
    # of training only
    *('train_cfg', 'auxiliary_head', 'sampler', 'ignore_index', 'with_cp'),
    *('frozen_stages', 'norm_eval', 'requires_grad', 'batch_augments'),
    *('dropout_ratio', 'dropout', 'drop', 'drop_rate', 'drop_path_rate'),
    *('attn_drop_rate', 'attn_drop', 'proj_drop_rate', 'proj_drop'),
    *('pos_drop_rate', 'patch_drop_rate', 'drop_block_rate', 'momentum'),
    *('grad_checkpointing', 'frozen'),
    # how images come and what is done with the result
    *('test_cfg', 'size', 'size_divisor', 'pad_val', 'seg_pad_val'),
    *('img_size', 'strict_img_size', 'dynamic_img_size', 'dynamic_img_pad'),
    *('pretrain_img_size', 'threshold', 'non_blocking', '_scope_'),
}  # fmt: skip
CLASSIFIERS = ('encoder', 'decoder')
BATCH_NORMS = ('BN', 'BN2d', 'SyncBN', 'MMSyncBN')
NOT_SET = 'not set'


def saved_model_config(checkpoint: dict) -> dict | None:
    """The config that a checkpoint was trained with, if it says one."""
    meta = checkpoint.get('meta') or {}
    text = meta.get('cfg', meta.get('unread_cfg'))
    if not isinstance(text, str):
        return None
    try:
        config = parse_plain_config(text, "meta['cfg']")
    except ValueError:
        return None
    return config if isinstance(config.get('model'), dict) else None


def find_hook(config: Any, name: str) -> dict | None:
    """The entry of `custom_hooks` whose type is `name`, in any scope."""
    for hook in config.get('custom_hooks') or []:
        kind = hook.get('type') if isinstance(hook, dict) else type(hook)
        kind = kind.__name__ if isinstance(kind, type) else str(kind)
        if kind.rpartition('.')[2] == name:
            return hook
    return None


def compares_settings(config: Any) -> bool:
    """Whether a checkpoint has to have the settings of this config's model.

    It says no by `dict(type='xnet_mm.CheckpointCheckHook', settings=False)`.
    """
    hook = find_hook(config, 'CheckpointCheckHook')
    return bool(hook.get('settings', True)) if hook else True


def differing_settings(then: dict, now: dict) -> Iterator[str]:
    """What differs between the models of two configs.

    Args:
        then: The config that trained.
        now: The config of the run.
    """
    yield from _differences(_model(then), _model(now), 'model')


def _model(config: dict) -> dict:
    model = dict(config['model'])
    while isinstance(model.get('module'), dict):  # test-time augmentation
        model = dict(model['module'])
    if not model.get('data_preprocessor'):  # Runner hands it over
        model['data_preprocessor'] = config.get('data_preprocessor')
    return model


def _differences(then: Any, now: Any, name: str) -> Iterator[str]:
    key = name.rpartition('.')[2]
    if key in CLASSIFIERS:
        then, now = _classifier(then), _classifier(now)
    if isinstance(then, dict) and isinstance(now, dict):
        old_type, new_type = then.get('type'), now.get('type')
        if not _is_same_type(old_type, new_type):
            yield _text(f'{name}.type', old_type, new_type)
            return
        for child in sorted({*then, *now} - {'type'}, key=str):
            if child in MAY_DIFFER or str(child).startswith('loss'):
                continue
            yield from _differences(
                _value(then, child), _value(now, child), f'{name}.{child}'
            )
    elif isinstance(then, list | tuple) and isinstance(now, list | tuple):
        if len(then) != len(now):
            yield _text(name, then, now)
            return
        for number, (old, new) in enumerate(zip(then, now, strict=True)):
            yield from _differences(old, new, f'{name}.{number}')
    elif key == 'model_name' and isinstance(then, str):
        # What follows the point names the weights.
        if then.split('.')[0] != str(now).split('.')[0]:
            yield _text(name, then, now)
    elif then != now:
        yield _text(name, then, now)


def _classifier(value: Any) -> Any:
    """A name of timm's stands for a dict."""
    if isinstance(value, str) and value != NOT_SET:
        return dict(type='timm', model_name=value)
    return value


def _value(config: dict, key: Any) -> Any:
    """The option, or the default of the class it is for."""
    if key in config:
        return config[key]
    cls = _class(config.get('type'))
    for base in getattr(cls, '__mro__', ()):
        own = vars(base).get('__init__')
        if own is None:
            continue
        parameter = inspect.signature(own).parameters.get(key)
        if parameter is not None:
            is_set = parameter.default is not inspect.Parameter.empty
            return parameter.default if is_set else NOT_SET
    return NOT_SET


def _class(name: Any) -> Any:
    if isinstance(name, type) or not isinstance(name, str):
        return name
    from mmseg.registry import MODELS

    scope, _, last = name.rpartition('.')
    if not last[:1].isupper() or (scope and scope.split('.')[0] not in
                                  PACKAGES):  # fmt: skip
        return None  # the registry would import what a stranger names
    try:
        return MODELS.get(name)
    except Exception:  # a name that is none
        return None


def _is_same_type(then: Any, now: Any) -> bool:
    old, new = (
        n.__name__ if isinstance(n, type) else str(n).rpartition('.')[2]
        for n in (then, now)
    )
    if old == new or {old, new} <= {*BATCH_NORMS}:
        return True
    cls = _class(then)
    return cls is not None and cls is _class(now)


def _text(name: str, then: Any, now: Any) -> str:
    old, new = (v if len(v) <= 40 else f'{v[:37]}...'
                for v in (repr(then), repr(now)))  # fmt: skip
    return f'{name} was {old} in training, is {new} now'
