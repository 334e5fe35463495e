"""Where NaN and infinity are looked for, and what is said about them."""

from collections.abc import Iterator
from typing import Any

import torch
from mmengine.structures import BaseDataElement
from torch import Tensor

DEPTHS = 'predicted depths'
PREDICTIONS = {'seg_logits': 'class scores', 'pred_depth_map': DEPTHS}


def is_finite(x: Tensor) -> bool:
    """Whether no element is NaN or infinite; one pass without a copy.

    Of a tensor that is split over processes: of the part that is here.
    """
    x = getattr(x, 'to_local', lambda: x)()
    if not x.numel() or not x.is_floating_point():
        return True
    x = x.detach()
    if x.dtype == torch.float16:  # PyTorch 2.1 has no aminmax for it on CPUs
        x = x.float()
    return bool(torch.stack(x.aminmax()).isfinite().all())


def check_finite(x: Tensor, path: str, what: str) -> None:
    """Refuse a prediction with NaN or infinity.

    Args:
        x: of any shape.
        path: of the image, for the error.
        what: the elements are, in the plural, for the error.

    Raises:
        ValueError: with the number of elements and `path`.
    """
    if is_finite(x):
        return
    wrong = x.numel() - int(x.isfinite().sum())
    raise ValueError(
        f'{path}: {wrong} of {x.numel()} {what} are NaN or infinite. The '
        'weights have diverged (take an earlier checkpoint; lower the '
        'learning rate), the image itself has such pixels, or half precision '
        'overflows (predict in float32 or bfloat16).'
    )


def check_prediction(sample: BaseDataElement, path: str | None = None) -> None:
    """Refuse what a model predicts where it is not finite.

    Args:
        sample: with `seg_logits`, `pred_depth_map`, or neither.
        path: of the image, for the error; else the sample's own.

    Raises:
        ValueError: see `check_finite`.
    """
    for key, what in PREDICTIONS.items():
        if key in sample:
            path = path or sample.metainfo.get('img_path') or 'an image'
            check_finite(sample.get(key).data, path, what)


def find_nonfinite(tree: Any, name: str = '') -> Iterator[str]:
    """Names of the tensors in nested dicts and lists that are not finite.

    An additive mask, all 0 and minus infinity, counts as finite.

    Args:
        tree: a state dict, or any such.
        name: of `tree` itself, put before the others.
    """
    if isinstance(tree, Tensor):
        if not is_finite(tree) and not _is_mask(tree):
            yield name
    elif isinstance(tree, dict | list | tuple):
        keys = tree if isinstance(tree, dict) else range(len(tree))
        for key in keys:
            yield from find_nonfinite(
                tree[key], f'{name}.{key}' if name else str(key)
            )


def describe_nonfinite(names: list[str]) -> str:
    """'NaN or infinity in 5 tensors (a, b, c, ...)'."""
    shown = ', '.join(names[:3]) + ', ...' * (len(names) > 3)
    tensors = 'tensor' if len(names) == 1 else 'tensors'
    return f'NaN or infinity in {len(names)} {tensors} ({shown})'


def check_weights(state: dict, source: str) -> None:
    """Refuse weights that are not finite: they predict one class everywhere.

    Args:
        state: state dict.
        source: where it comes from, for the error.

    Raises:
        ValueError: names the tensors and `source`.
    """
    wrong = list(find_nonfinite(state))
    if wrong:
        raise ValueError(
            f'{source} has {describe_nonfinite(wrong)}: the training that '
            'wrote it has diverged. Take an earlier checkpoint.'
        )


def _is_mask(x: Tensor) -> bool:
    zero = x == 0
    return bool(zero.any() and (zero | (x == -torch.inf)).all())
