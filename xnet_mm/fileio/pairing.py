"""Whether a checkpoint is one of this model, and what that means in words.

MMEngine loads with `strict=False`: what does not fit is left out, and the
model predicts with the random numbers it was made of.
"""

from collections.abc import Collection, Iterator
from typing import Any

from mmengine.logging import print_log
from torch import nn

from .pairing_settings import (
    compares_settings,
    differing_settings,
    saved_model_config,
)
from .pairing_tensors import (
    COUNTER,
    Fit,
    fit,
    fit_with_hooks,
    form,
    some,
    unwrapped,
    weights_of,
)


def check_pairing(
    model: nn.Module,
    checkpoint: dict,
    source: str,
    config: Any = None,
    classes: Collection[str] | None = None,
) -> None:
    """Refuse a checkpoint that is not one of this very model.

    Refused are: a key that is missing, too many or of another shape; NaN and
    infinity; another depth range; class names in another order or number;
    and settings that no shape shows but that change the prediction (see
    `pairing_settings.py`). Renamed classes are a warning. What the
    checkpoint does not say (a bare state dict says nothing) is not compared.

    Args:
        model: Wrappers around it do not matter.
        checkpoint: As the reader gave it.
        source: Its path, for the error.
        config: The whole config that the model was built of; None compares
            no settings, nor does one that says so (`compares_settings`).
        classes: Names that the data set of this run has.

    Raises:
        ValueError: what came, what was wanted, what to do.
    """
    model = unwrapped(model)
    state = weights_of(checkpoint)
    found = fit(model, state)
    if not found.is_whole:
        found = fit_with_hooks(model, state, found)
    problems = [*_differences(model, state, found)]
    if problems:
        problems = [*_kinds(model, checkpoint), *problems]
    problems += _other_range(model, checkpoint)
    problems += _other_classes(checkpoint, classes, source)
    problems += _other_settings(checkpoint, config)
    _refuse(source, problems)
    if found.broken:
        raise ValueError(broken_text(source, found.broken))


def check_settings(checkpoint: dict, source: str, config: Any) -> None:
    """The part of `check_pairing` that needs no model, and so no time.

    Raises:
        ValueError: no weights, or those of a model with other settings.
    """
    if not weights_of(checkpoint):
        _refuse(source, ['it holds no weights at all'])
    _refuse(source, [*_other_settings(checkpoint, config)])


def check_some_fit(model: nn.Module, checkpoint: dict, source: str) -> None:
    """For fine-tuning: say what `load_from` leaves out.

    Raises:
        ValueError: nothing fits, or what fits is NaN or infinite.
    """
    model = unwrapped(model)
    state = weights_of(checkpoint)
    found = fit(model, state)
    if not found.fitting:
        raise ValueError(
            f'{source} fits this model in nothing: '
            + '.\n  '.join(_differences(model, state, found))
            + '.\nload_from wants a checkpoint of a similar model; the '
            'weights of a classifier go to backbone.weights and neck.weights.'
        )
    if found.broken:
        raise ValueError(broken_text(source, found.broken))
    if not found.is_whole:
        print_log(
            f'load_from: {len(found.fitting)} tensors of {source} fit. Left '
            'out or as they were: '
            + '; '.join(_differences(model, state, found)),
            logger='current',
            level=30,
        )


def _refuse(source: str, problems: Collection[str]) -> None:
    if problems:
        raise ValueError(
            f'{source} is not a checkpoint of this config: '
            + '.\n  '.join(problems)
            + '.\nGive the checkpoint that this config trained, or the config '
            'that trained this checkpoint (its work dir holds a copy).'
        )


def _other_settings(checkpoint: dict, config: Any) -> Iterator[str]:
    saved = saved_model_config(checkpoint)
    if not saved or not config or not compares_settings(config):
        return
    texts = [*differing_settings(saved, config)]
    if texts:
        more = f'; ... ({len(texts)} in all)' if len(texts) > 8 else ''
        yield (
            'settings of the model that change what it predicts: '
            + '; '.join(texts[:8])
            + more
        )


def broken_text(source: str, names: Collection[str]) -> str:
    """Of an error about NaN in a file."""
    return (
        f'{source} holds NaN or infinity in {len(names)} tensors: '
        f'{some(names)}. The training diverged before it was written; take '
        'an earlier checkpoint.'
    )


def _differences(model: nn.Module, state: dict, found: Fit) -> Iterator[str]:
    own = model.state_dict()
    wanted = sum(COUNTER not in k for k in own)
    came = sum(COUNTER not in k for k in state)
    if found.missing:
        yield (
            f'missing {len(found.missing)} of {wanted}: {some(found.missing)}'
        )
    if found.unexpected:
        yield (
            f'unexpected {len(found.unexpected)} of {came}: '
            f'{some(found.unexpected)}'
        )
    if found.reshaped:
        texts = [
            f'{k} {form(state[k])}, wanted {form(own[k])}'
            for k in found.reshaped
        ]
        yield f'other shape {len(texts)} of {wanted}: {some(texts)}'


def _kinds(model: nn.Module, checkpoint: dict) -> Iterator[str]:
    """The cause in words, where the checkpoint says what it is."""
    data = dataset_meta(checkpoint)
    is_depth = depth_head_of(model) is not None
    is_both = is_depth and hasattr(model, 'depth_head')
    classes = data.get('classes')
    if is_both and ('max_depth' not in data or not classes) and data:
        task = 'depth' if 'max_depth' in data else 'segmentation'
        yield f'it is a {task} checkpoint, the config is a model of both'
    elif classes and 'max_depth' in data and not is_both:
        task = 'depth' if is_depth else 'segmentation'
        yield (
            'it is a checkpoint of classes and depth, the config is a '
            f'{task} model'
        )
    elif 'max_depth' in data and not is_depth:
        yield 'it is a depth checkpoint, the config is a segmentation model'
    elif classes and is_depth and not is_both:
        yield 'it is a segmentation checkpoint, the config is a depth model'
    elif classes:
        count = getattr(model, 'num_classes', len(classes))
        if isinstance(count, int) and count != len(classes):
            yield (
                f'classes: {len(classes)} in the checkpoint, {count} in the '
                'config'
            )


def depth_head_of(model: nn.Module) -> Any:
    """The head that predicts depth: our `depth_head`, or `decode_head`."""
    heads = (getattr(model, n, None) for n in ('depth_head', 'decode_head'))
    return next((head for head in heads if hasattr(head, 'max_depth')), None)


def dataset_meta(checkpoint: dict) -> dict:
    """What a checkpoint says of its training data; {} if nothing."""
    meta = (checkpoint.get('meta') or {}).get('dataset_meta')
    return meta if isinstance(meta, dict) else {}


def _other_range(model: nn.Module, checkpoint: dict) -> Iterator[str]:
    came = dataset_meta(checkpoint).get('max_depth')
    wanted = getattr(depth_head_of(model), 'max_depth', None)
    if came is not None and wanted is not None and came != wanted:
        yield (
            f'max_depth: {came} m in the checkpoint, {wanted} m in the config'
        )


def _other_classes(
    checkpoint: dict, classes: Collection[str] | None, source: str
) -> Iterator[str]:
    saved = dataset_meta(checkpoint).get('classes')
    if not saved or not classes or list(saved) == list(classes):
        return
    came, wanted = ([str(n).casefold().strip() for n in c]
                    for c in (saved, classes))  # fmt: skip
    if len(came) != len(wanted):
        yield (
            f'classes: {len(came)} in the checkpoint, {len(wanted)} in the '
            'data set'
        )
        return
    moved = [
        f'{name} is number {came.index(name)} in the checkpoint, '
        f'{wanted.index(name)} in the data set'
        for name in came
        if name in wanted and came.index(name) != wanted.index(name)
    ]
    if moved:
        yield f'classes in another order: {some(moved)}'
        return
    renamed = [
        f'{a} -> {b}' for a, b in zip(came, wanted, strict=True) if a != b
    ]
    if renamed:
        print_log(
            f'{source}: classes have other names in this data set: '
            f'{some(renamed)}. The order is taken to be the same.',
            logger='current',
            level=30,
        )
