"""Widths and strides, handed from one box to the next at build time.

The stock EncoderDecoder builds backbone, neck and heads one after the other
and tells none of them about the others. Each of our boxes leaves what it
returns here, and the next one takes it when its `in_channels` is not given,
so that nobody types a channel list by hand.
"""

from typing import NamedTuple


class Pyramid(NamedTuple):
    """What a backbone or neck returns: widths and strides, map by map."""

    channels: list[int]
    strides: list[int | float]


_latest: Pyramid | None = None


def hand_over(channels: list[int], strides: list[int | float]) -> None:
    """Leave the widths and strides of the box that has just been built."""
    global _latest
    _latest = Pyramid(list(channels), list(strides))


def take_over(taker: str) -> Pyramid:
    """Return what the box built just before `taker` left.

    Raises:
        ValueError: no box of this package was built before.
    """
    if _latest is None:
        raise ValueError(
            f'{taker} got in_channels=None, and no PretrainedEncoder or '
            'PretrainedReversedDecoder was built before it. On another '
            'backbone or neck give in_channels (and strides) as in any '
            'head of MMSegmentation.'
        )
    return _latest
