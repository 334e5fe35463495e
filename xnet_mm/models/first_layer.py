"""First layers that were trained on three channels, for models of others.

The rule is timm's: one channel gets the sum of the three; more get the three
in turn (R G B R G ...), times 3/N. So the sum over the channels, which is what
a grey image meets, is kept exactly for one channel and for multiples of
three. For others it is 3/N times a sum in which the first channels count once
more often: near, and the log says how near.
"""

from collections.abc import Mapping
from typing import Any

import torch
from timm.models._manipulate import adapt_input_conv
from torch import Tensor

from .arguments import CHANNELS_HELP, OPTIONS_OF_MODELS
from .channels import RGB

State = dict[str, Tensor]


def for_three_channels(config: str | Mapping[str, Any]) -> str | dict:
    """The config of the same model as it was pre-trained."""
    if isinstance(config, str):
        return config
    return {k: v for k, v in config.items() if k not in OPTIONS_OF_MODELS}


def adapt_first_layers(
    state: State, wanted: Mapping[str, Tensor], in_chans: int, source: str
) -> tuple[State, str]:
    """Bring the first layers of a file to a model's number of channels.

    First layers are the convolutions that differ in nothing but the number
    of channels. A file of that number already comes back as it is.

    Args:
        state: of the file, under the model's names.
        wanted: the model's own tensors.
        in_chans: channels of the model.
        source: role and file, for errors.

    Returns:
        The state, and what was done in words; '' if nothing.

    Raises:
        ValueError: the file is of another number than three and the
            model's, or timm's rule does not fit the layer.
    """
    adapted: State = {}
    wanted_channels = f'{in_chans}'
    if in_chans != RGB:
        wanted_channels += f', or {RGB} to adapt'
    changes = []
    for name, tensor in state.items():
        came = _channels_of(tensor, wanted[name], in_chans)
        if came is None:
            continue
        problem = ''
        if came == RGB:
            try:
                adapted[name] = adapt_input_conv(in_chans, tensor)
            except (AssertionError, NotImplementedError) as error:
                problem = f'timm cannot adapt {name} ({error})'
        else:
            problem = f'{name} is for images of {came} channels'
        if problem:
            raise ValueError(
                f'{source}: {problem}; wanted {wanted_channels}. '
                f'Nothing was loaded. {CHANNELS_HELP}.'
            )
        changes.append(f'{name} ({_describe_sum(tensor, adapted[name])})')
    if not changes:
        return state, ''
    return {**state, **adapted}, (
        f'adapted from {RGB} to {in_chans} channels by the rule of timm: '
        + ', '.join(changes)
    )


def _channels_of(tensor: Tensor, wanted: Tensor, in_chans: int) -> int | None:
    """Channels of an image that a first layer of a file takes.

    None for what is no first layer, or one that fits. Layers after a
    space-to-depth hold several pixels of each channel.
    """
    if tensor.ndim != 4 or tensor.ndim != wanted.ndim:
        return None
    sizes, (rows, width, *kernel) = tensor.shape, wanted.shape
    if sizes[1] == width or [sizes[0], *sizes[2:]] != [rows, *kernel]:
        return None
    pixels, rest = divmod(width, in_chans)
    if rest or pixels not in (1, 4, 16) or sizes[1] % pixels:
        return None
    return sizes[1] // pixels


@torch.no_grad()
def _describe_sum(before: Tensor, after: Tensor) -> str:
    """What became of the sum over channels."""
    if after.shape[1] != 1 and after.shape[1] % before.shape[1]:
        old, new = (t.float().sum(dim=1) for t in (before, after))
        off = float((new - old).norm() / old.norm().clamp(min=1e-12))
        return f'sum over channels kept but for {off:.1%}'
    return 'sum over channels kept'
