"""Widths and strides, asked of the box before.

The stock EncoderDecoder builds backbone, neck and heads one after the other
and tells none of them about the others. A box of ours whose `in_channels` is
not given asks the model that is being built for the box that stands before
it, so that nobody types a channel list by hand.
"""

import math
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NamedTuple

from torch import nn

from .arguments import check_counts


class Pyramid(NamedTuple):
    """What a backbone or neck returns: widths and strides, map by map."""

    channels: list[int]
    strides: list[float]  # ints where they are whole


def whole_stride(stride: float) -> float:
    """An int where it is one, up to rounding: RS takes whole factors."""
    whole = round(stride)
    return whole if math.isclose(stride, whole) else stride


def take_over(taker: str) -> Pyramid:
    """Widths and strides of what the box before `taker` returns.

    That is the neck of the model under construction, or its backbone where
    there is no neck yet.

    Args:
        taker: name of the class that asks, for the error.

    Raises:
        ValueError: `taker` is built outside of a model, or after a box that
            does not say its `out_channels` and `out_strides`.
    """
    model = _model_under_construction()
    boxes = {} if model is None else model._modules
    box = boxes.get('neck', boxes.get('backbone'))
    channels = getattr(box, 'out_channels', None)
    strides = getattr(box, 'out_strides', None)
    if isinstance(channels, list) and isinstance(strides, list):
        return Pyramid(list(channels), list(strides))
    found = 'it is built outside of a model'
    if box is not None:
        found = (
            f'the {type(box).__name__} before it does not say its widths and '
            'strides, as a PretrainedEncoder, PretrainedPyramid or '
            'PretrainedReversedDecoder does'
        )
    raise ValueError(
        f'{taker} got in_channels=None, and {found}. Give in_channels (and '
        'strides) as in any head of MMSegmentation.'
    )


def widths_before(taker: str, given: Sequence[int] | None) -> list[int]:
    """The widths that were given to a head, or those of the box before it.

    Args:
        taker: name of the head's class, for errors.
        given: its `in_channels`.

    Raises:
        ValueError: see `take_over`, or a width is none.
    """
    widths = given or take_over(taker).channels
    check_counts(f'{taker}: in_channels', widths)
    return list(widths)


def _model_under_construction() -> nn.Module | None:
    """The innermost module on the call stack that has a backbone.

    No state is kept between boxes: whoever was built before, in another
    model of the same process, is not on the stack.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        module = frame.f_locals.get('self')
        if isinstance(module, nn.Module) and 'backbone' in vars(module).get(
            '_modules', {}
        ):
            return module
        frame = frame.f_back
    return None
