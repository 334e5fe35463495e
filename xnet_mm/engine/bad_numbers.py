"""What is said of numbers that are none, and of the images behind them."""

from collections.abc import Mapping
from math import isfinite
from numbers import Real
from typing import Any

from mmengine.runner import Runner
from torch import Tensor

from ..fileio.finite import is_finite

ADVICE = (
    'Lower the learning rate, lengthen the warm-up or clip the gradients '
    '(optim_wrapper.clip_grad=dict(max_norm=1.0)); under mixed precision try '
    'bfloat16.'
)
AS_LOADED = '(it has such pixels as loaded)'
MAX_NAMES = 8


def find_bad_numbers(values: Mapping[str, Any]) -> dict[str, str]:
    """Key -> 'key=nan', of the numbers that are not finite.

    On a GPU this waits for each of them, as MMEngine's log does, too.
    """
    numbers = {
        key: float(value.detach() if isinstance(value, Tensor) else value)
        for key, value in values.items()
        if isinstance(value, Real) or getattr(value, 'ndim', 1) == 0
    }
    return {
        key: f'{key}={number}'
        for key, number in numbers.items()
        if not isfinite(number)
    }


def describe_stop(runner: Runner, losses: str, images: str) -> str:
    """Why a run stops in this iteration, and what to do.

    Args:
        runner: of the run.
        losses: what is not finite.
        images: names of those of the batch.
    """
    rates = [rate for group in _rates(runner).values() for rate in group]
    rate = f'{max(rates):.3g}' if rates else 'not known'
    advice = ADVICE
    if AS_LOADED in images:
        advice = 'Mend the file, or the transform that makes them.'
    return (
        f'Iteration {runner.iter + 1}: {losses}. Learning rate {rate}; '
        f'images: {images}. {advice} To leave such updates out: '
        "dict(type='xnet_mm.FiniteCheckHook', max_bad_steps=3) in "
        'custom_hooks.'
    )


def name_images(data_batch: Any) -> str:
    """Paths of a batch's images; those alone that are not finite, if any.

    Args:
        data_batch: `inputs` and `data_samples`, as the loader gives them.
    """
    if not isinstance(data_batch, dict):
        return 'not named by the data'
    samples = list(data_batch.get('data_samples') or [])
    inputs = data_batch.get('inputs')
    inputs = [None] * len(samples) if inputs is None else inputs
    names, wrong = [], []
    for image, sample in zip(inputs, samples, strict=False):
        name = str(getattr(sample, 'metainfo', {}).get('img_path', '?'))
        names.append(name)
        if isinstance(image, Tensor) and not is_finite(image):
            wrong.append(f'{name} {AS_LOADED}')
    if wrong:
        names = wrong
    more = f', ... ({len(names)} in all)' * (len(names) > MAX_NAMES)
    return ', '.join(names[:MAX_NAMES]) + more or 'not named by the data'


def _rates(runner: Runner) -> dict[str, list[float]]:
    return {
        key: value
        for key, value in runner.optim_wrapper.get_lr().items()
        if key == 'lr' or key.endswith('.lr')
    }
