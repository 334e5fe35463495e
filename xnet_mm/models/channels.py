"""How many channels an image has, and which of them a box is shown."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ..checks import is_whole
from .arguments import CHANNELS_HELP, OPTIONS_OF_MODELS, check_count

RGB = 3


def first_layer_channels(config: str | Mapping[str, Any]) -> int:
    """How many channels the first layer of a classifier takes.

    Args:
        config: see `build_classifier`; timm calls the option `in_chans`,
            MMSegmentation and MMPretrain `in_channels`.

    Raises:
        ValueError: no whole number of at least 1.
    """
    if isinstance(config, str):
        return RGB
    name = str(config.get('model_name') or config.get('type'))
    for key in OPTIONS_OF_MODELS:
        if key in config:
            check_count(f'{name}: {key}', config[key])
            return int(config[key])
    return RGB


def check_choice(
    box: str, channels: Any, in_chans: int
) -> tuple[int, ...] | None:
    """The numbers of the channels that a box is shown; None: all.

    Args:
        box: its name, for the error.
        channels: as the user wrote them.
        in_chans: how many its first layer takes.

    Raises:
        ValueError: no numbers from 0, or not so many.
    """
    if channels is None:
        return None
    good = (
        isinstance(channels, Sequence)
        and not isinstance(channels, str)
        and all(is_whole(c) and c >= 0 for c in channels)
    )
    if not good:
        raise ValueError(
            f'{box}: channels={channels!r}; wanted the numbers of channels '
            'of the image, from 0, as (2, 1, 0).'
        )
    if len(channels) != in_chans:
        raise ValueError(
            f'{box}: channels={tuple(channels)} are {len(channels)}, but the '
            f'first layer takes {in_chans}. {CHANNELS_HELP}.'
        )
    return tuple(map(int, channels))


def describe_wrong_channels(box: nn.Module, found: int) -> str:
    """Why a box cannot take images of so many channels; '' if it can.

    Args:
        box: with `in_chans`, of its first layer, and `channels`, see
            `check_choice`.
        found: channels of the image.
    """
    claim = _claim_of(type(box).__name__, box)
    if found == claim.exact or (claim.exact is None and found >= claim.least):
        return ''
    return f'{claim}, and the images have {found}. {CHANNELS_HELP}.'


def show(box: nn.Module, image: Tensor) -> Tensor:
    """What a box is shown of an image: (B,N,H,W) -> (B,in_chans,H,W).

    Args:
        box: as for `describe_wrong_channels`.
        image: all channels.

    Raises:
        ValueError: they are not as many as the box wants.
    """
    if problem := describe_wrong_channels(box, image.shape[1]):
        raise ValueError(problem)
    channels: Any = box.channels
    if channels is None:
        return image
    # Not by a list as the index: that would be a tensor to copy, each time.
    return torch.stack([image[:, c] for c in channels], dim=1)


def image_channels(model: nn.Module) -> int:
    """How many channels the images of a segmentor have.

    A model that says nothing takes three, or as many as it chooses among.

    Raises:
        ValueError: see `claimed_channels`.
    """
    least = max((claim.least for claim in _claims(model)), default=RGB)
    return claimed_channels(model) or max(least, RGB)


def claimed_channels(model: nn.Module) -> int | None:
    """How many channels a segmentor wants; None if it does not say.

    Its preprocessor (as many as it has means), backbone and neck have to
    agree; of other boxes than ours nothing is known.

    Raises:
        ValueError: they do not agree.
    """
    claims = [*_claims(model)]
    first = next((c for c in claims if c.exact is not None), None)
    if first is None:
        return None
    for claim in claims:
        if claim.exact not in (None, first.exact) or (
            claim.least > first.least
        ):
            raise ValueError(
                f'{claim}, but {first}. {CHANNELS_HELP}; data_preprocessor '
                'has one mean and one std for each channel of the image.'
            )
    return first.exact


class _Claim(NamedTuple):
    """How many channels a box wants.

    Attributes:
        box: its name.
        exact: so many; None where it chooses among them.
        least: at least so many.
    """

    box: str
    exact: int | None
    least: int

    def __str__(self) -> str:
        if self.exact is None:
            return (
                f'{self.box} is shown channel {self.least - 1}, the first '
                'being 0'
            )
        return f'{self.box} takes images of {self.exact} channels'


def _claims(model: nn.Module) -> Iterator[_Claim]:
    mean = getattr(getattr(model, 'data_preprocessor', None), 'mean', None)
    if isinstance(mean, Tensor) and mean.numel() > 1:
        count = mean.numel()
        yield _Claim('data_preprocessor (by its means)', count, count)
    for name in ('backbone', 'neck'):
        box: Any = getattr(model, name, None)
        if getattr(box, 'in_chans', None) and hasattr(box, 'channels'):
            yield _claim_of(f'{name} ({type(box).__name__})', box)


def _claim_of(name: str, box: nn.Module) -> _Claim:
    channels: Any = box.channels
    in_chans: Any = box.in_chans
    if channels is None:
        return _Claim(name, in_chans, in_chans)
    return _Claim(name, None, max(channels) + 1)
