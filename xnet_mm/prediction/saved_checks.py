"""Whether a `config.json` says only what a shared model may say.

Nothing here builds, imports or opens anything: it compares words and numbers
with `allowed.py`. An error says what came and what was wanted, without a full
stop; who calls adds the file and what to do.
"""

import math
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from ..checks import is_finite_number
from . import allowed

FORMAT = 'xnet_mm 1'
KEYS = {
    *('format', 'model', 'test_pipeline', 'channels', 'classes', 'palette'),
    *('ids', 'max_depth', 'protocol', 'versions'),
}
LARGEST = 65_536  # of a width, a size, a number of blocks
LONGEST = 1024  # list within the model
DEEPEST = 16
MOST_STEPS = 32
WORD = re.compile(r'\w{1,64}')
TIMM_NAME = re.compile(r'[a-z0-9_]{1,64}(\.[a-z0-9_]{1,64})?')


def check_saved(config: Any) -> None:
    """Hold what a `config.json` says to `allowed.py`.

    Raises:
        ValueError: what came, and what was wanted.
    """
    if not isinstance(config, dict):
        raise ValueError(f'a {type(config).__name__}, wanted names and values')
    if config.get('format') != FORMAT:
        raise ValueError(
            f'format={config.get("format")!r:.40}, wanted {FORMAT!r}, as '
            'save_pretrained of this release writes it'
        )
    for key in config:
        if key not in KEYS:
            raise ValueError(f'{key!r:.60} is no entry of such a file')
    check_model(config.get('model'))
    check_pipeline(config.get('test_pipeline'))
    _check_data(config)


def check_model(model: Any) -> None:
    """Hold the config of a segmentor to the list.

    Raises:
        ValueError: a class, an option or a value that is not on it.
    """
    kind = model.get('type') if isinstance(model, dict) else model
    if not isinstance(kind, str) or kind not in allowed.SEGMENTORS:
        raise ValueError(
            f'model.type={kind!r:.60}, wanted one of '
            f'{", ".join(allowed.SEGMENTORS)}'
        )
    _check(model, 'model', allowed.MODELS)


def check_pipeline(steps: Any) -> None:
    """Hold the transforms of a test to the list, the loader first.

    Raises:
        ValueError: a class, an option or a value that is not on it.
    """
    if not isinstance(steps, list) or not 1 < len(steps) <= MOST_STEPS:
        raise ValueError(
            f'test_pipeline={steps!r:.60}, wanted a list of transforms'
        )
    for i, step in enumerate(steps):
        where = f'test_pipeline[{i}]'
        if not isinstance(step, dict) or 'type' not in step:
            raise ValueError(f'{where}={step!r:.60}, wanted a transform')
        _check(step, where, allowed.TRANSFORMS)
        if (step['type'] in allowed.LOADERS) != (i == 0):
            raise ValueError(
                f'{where}.type={step["type"]!r}; wanted the first step, and '
                'no other, to load the image'
            )


def _check(value: Any, where: str, table: Mapping, depth: int = 0) -> None:
    if depth > DEEPEST:
        raise ValueError(f'{where:.100}: nested too deep')
    if isinstance(value, dict):
        options = _options(value, where, table)
        for key, child in value.items():
            if key not in options:
                kind = value.get('type')
                of = f'{kind} may have' if kind else 'may be said here'
                raise ValueError(f'{where}.{key!s:.60} is no option that {of}')
            if key in allowed.CLASSIFIERS and isinstance(child, str):
                _check_timm_name(child, f'{where}.{key}')
            elif key not in ('type', 'model_name'):
                _check(child, f'{where}.{key}', table, depth + 1)
    elif isinstance(value, list):
        if len(value) > LONGEST:
            raise ValueError(f'{where}: a list of {len(value)} entries')
        for i, child in enumerate(value):
            _check(child, f'{where}[{i}]', table, depth + 1)
    elif isinstance(value, str):
        if not WORD.fullmatch(value):
            raise ValueError(f'{where}={value!r:.60}, wanted a single word')
    elif isinstance(value, float | int):
        if not math.isfinite(value) or abs(value) > LARGEST:
            raise ValueError(f'{where}={value!r:.30}, a number too large')
    elif value is not None:
        raise ValueError(f'{where}: a {type(value).__name__}')


def _options(value: dict, where: str, table: Mapping) -> set[str]:
    """Names of the options that a dict may have."""
    if 'type' not in value:
        return {*allowed.UNTYPED}
    kind = value['type']
    if kind == allowed.TIMM_TYPE and table is allowed.MODELS:
        _check_timm_name(value.get('model_name'), f'{where}.model_name')
        return {'type', 'model_name', *allowed.TIMM}
    if not isinstance(kind, str) or kind not in table:
        ends = {name.rpartition('.')[2]: name for name in table}
        last = str(kind)[:100].rpartition('.')[2]
        near = get_close_matches(last, ends, 1)
        hint = f' (near to it: {ends[near[0]]})' if near else ''
        raise ValueError(
            f'{where}.type={kind!r:.60} is not among the registered names '
            f'that a shared model may use{hint}'
        )
    return {'type', *table[kind]}


def _check_timm_name(name: Any, where: str) -> None:
    if not isinstance(name, str) or not TIMM_NAME.fullmatch(name):
        raise ValueError(
            f'{where}={name!r:.60}, wanted the name of a timm model, '
            'convnext_tiny.fb_in22k say'
        )


def _check_data(config: dict) -> None:
    """Classes and their ids, range of depth, and what people are told."""
    classes = config.get('classes')
    if classes is not None:
        _check_list('classes', classes, _is_name, 'their names')
    for key, fits, wanted in (
        ('palette', _is_colour, 'red, green, blue from 0 to 255'),
        ('ids', _is_id, 'an id in the label maps'),
    ):
        values = config.get(key)
        if values is None:
            continue
        _check_list(key, values, fits, wanted)
        if classes is None or len(values) != len(classes):
            raise ValueError(
                f'{key} for {len(values)} classes, wanted one for each of '
                f'the {len(classes or ())} in `classes`'
            )
    depth = config.get('max_depth')
    if depth is not None and not (
        is_finite_number(depth) and 0 < depth <= LARGEST
    ):
        raise ValueError(f'max_depth={depth!r:.60}, wanted metres')
    channels = config.get('channels')
    if not _is_id(channels) or not channels:
        raise ValueError(f'channels={channels!r:.60}, wanted their number')
    versions = config.get('versions', {})
    texts = [config.get('protocol', 'none')]
    if isinstance(versions, dict):
        texts += [*versions, *versions.values()]
    if not isinstance(versions, dict) or not all(map(_is_name, texts)):
        raise ValueError('protocol or versions: wanted short texts')


def _check_list(
    key: str, values: Any, fits: Callable[[Any], bool], wanted: str
) -> None:
    is_list = isinstance(values, list) and 0 < len(values) <= LARGEST
    if not is_list or not all(map(fits, values)):
        raise ValueError(
            f'{key}={values!r:.60}, wanted for each class {wanted}'
        )


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and len(value) < 200 and value.isprintable()


def _is_colour(value: Any) -> bool:
    is_triple = isinstance(value, list) and len(value) == 3
    return is_triple and all(_is_id(v) and v < 256 for v in value)


def _is_id(value: Any) -> bool:
    return type(value) is int and 0 <= value < LARGEST
