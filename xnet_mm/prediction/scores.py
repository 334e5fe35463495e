"""Probabilities of classes, from the scores in a model's sample."""

from collections.abc import Sequence

import torch
from mmengine.structures import BaseDataElement
from torch import Tensor


def class_probabilities(sample: BaseDataElement, gives_logits: bool) -> Tensor:
    """How likely each pixel is of each class.

    Args:
        sample: of a segmentor, with `seg_logits` (K,H,W). Of a head of one
            channel MMSegmentation keeps the sigmoid there, and the classes
            are two: below its threshold, and above.
        gives_logits: whether they are that; Mask2Former's are sums of
            probabilities over queries.

    Returns:
        (K,H,W) float32 on the CPU, for each pixel a sum of 1.
    """
    return probabilities(sample.seg_logits.data.float().cpu(), gives_logits)


def probabilities(scores: Tensor, gives_logits: bool) -> Tensor:
    """What `class_probabilities` makes of scores (K,...), likewise (K,...)."""
    if len(scores) == 1:
        return torch.cat([1 - scores, scores])
    if gives_logits:
        return scores.softmax(0)
    return scores / scores.sum(0).clamp(min=torch.finfo(torch.float32).tiny)


def class_numbers(
    wanted: Sequence[int | str], names: Sequence[str], count: int
) -> list[int]:
    """The numbers of classes that are given by number or name.

    Args:
        wanted: the classes.
        names: of all classes, if known.
        count: of all classes.

    Raises:
        ValueError: no such class, or a single one where a list is wanted.
    """
    if isinstance(wanted, str | int):
        raise ValueError(f'classes={wanted!r}, wanted a list: [{wanted!r}]')
    numbers = []
    for one in wanted:
        if isinstance(one, str) and one in names:
            one = [*names].index(one)
        if isinstance(one, str) or not 0 <= one < count:
            known = ', '.join([*names][:20]) or 'numbers only'
            raise ValueError(
                f'classes: there is no {one!r:.60} among the {count} of this '
                f'model ({known})'
            )
        numbers.append(int(one))
    return numbers
