"""Arguments that no model can be built with, each said in one sentence.

`name` is what the user wrote, with its box: 'PFPHead: num_classes'.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from torch import nn

from ..checks import is_finite_number, is_whole

OPTIONS_OF_MODELS = ('in_chans', 'in_channels')
ENCODERS = ('PretrainedEncoder', 'PretrainedPyramid')
CHANNELS_HELP = (
    "A model of N channels: encoder=dict(type='timm', model_name=..., "
    'in_chans=N), the same for the decoder; or channels=(2, 1, 0), the '
    'numbers of those that a box is shown, in that order'
)


def check_count(name: str, value: Any) -> None:
    """Refuse what is not a whole number of at least 1.

    Raises:
        ValueError: with name and value.
    """
    if not is_whole(value) or value < 1:
        raise ValueError(
            f'{name}={value!r}; wanted a whole number of at least 1.'
        )


def check_counts(name: str, values: Any) -> None:
    """Refuse what is not a list of whole numbers of at least 1.

    Raises:
        ValueError: with name and value.
    """
    try:
        if not _is_list(values) or not values:
            raise ValueError
        for value in values:
            check_count(name, value)
    except ValueError:
        raise ValueError(
            f'{name}={values!r}; wanted a list of whole numbers of at least '
            '1, one for each map.'
        ) from None


def check_number(
    name: str,
    value: Any,
    low: float = 0.0,
    high: float = math.inf,
    *,
    or_equal: bool = False,
) -> None:
    """Refuse what is not a finite number between two others.

    Args:
        name: of the argument.
        value: its value.
        low: excluded, unless `or_equal`.
        high: included.
        or_equal: include `low`.

    Raises:
        ValueError: with name and value.
    """
    inside = is_finite_number(value) and (
        low <= value <= high if or_equal else low < value <= high
    )
    if not inside:
        above = 'of at least' if or_equal else 'above'
        below = '' if high == math.inf else f' and at most {high:g}'
        raise ValueError(
            f'{name}={value!r}; wanted a finite number {above} {low:g}{below}.'
        )


def check_index(name: str, index: Any, maps: int | None = None) -> None:
    """Refuse what does not choose some of the maps.

    Args:
        name: of the argument.
        index: a list of positions, from 0, or from -1 backwards.
        maps: how many there are; `None` if that is not known yet.

    Raises:
        ValueError: with name and value.
    """
    good = _is_list(index) and all(
        isinstance(i, int)
        and not isinstance(i, bool)
        and (maps is None or -maps <= i < maps)
        for i in index
    )
    if not good:
        there = '' if maps is None else f', of the {maps} that there are'
        raise ValueError(
            f'{name}={index!r}; wanted a list of the positions of maps, from '
            f'0{there}.'
        )


def check_loss_name(name: str, value: str) -> None:
    """Refuse a key of the log that is not summed.

    Raises:
        ValueError: with name and value.
    """
    if 'loss' not in value:
        raise ValueError(
            f"{name}={value!r}; MMEngine adds up what has 'loss' in its name, "
            'and would train nothing.'
        )


def check_layer(name: str, value: Any) -> None:
    """Refuse what is not the name of a layer in `torch.nn`.

    Raises:
        ValueError: with name, value and names that are close.
    """
    known = [n for n, v in vars(nn).items() if isinstance(v, type)]
    known.append('RMSNorm')  # `compat` has it where torch.nn has not yet
    if value not in known:
        raise ValueError(
            f'{name}={value!r}; wanted the name of a layer of torch.nn'
            f'{describe_close(value, known)}.'
        )


def check_windows(test_cfg: Mapping[str, Any] | None) -> None:
    """Refuse a sliding window that cannot slide, or leaves pixels out.

    Args:
        test_cfg: of the segmentor, mmseg's or ours.

    Raises:
        ValueError: an unknown mode; `crop_size` or `stride` is missing, is
            no pair of whole numbers, or the stride is the larger one.
    """
    mode = (test_cfg or {}).get('mode', 'whole')
    if mode not in ('whole', 'slide'):
        raise ValueError(f"test_cfg.mode={mode!r}; wanted 'whole' or 'slide'.")
    if not test_cfg or mode == 'whole':
        return
    wanted = "test_cfg.mode='slide' needs crop_size=(height, width) and "
    wanted += 'stride=(height, width) in pixels, stride at most crop_size'
    crop: Any = test_cfg.get('crop_size')
    stride: Any = test_cfg.get('stride')
    got = f'got crop_size={crop!r}, stride={stride!r}'
    for pair in (crop, stride):
        try:
            check_counts('', pair)
        except ValueError:
            raise ValueError(f'{wanted}; {got}.') from None
        if len(pair) != 2:
            raise ValueError(f'{wanted}; {got}.')
    if stride[0] > crop[0] or stride[1] > crop[1]:
        raise ValueError(
            f'{wanted}; {got}: no window would see the pixels in between.'
        )


def check_own_options(name: str, config: Mapping[str, Any]) -> None:
    """Refuse channels as an option of a box, not of the model in it.

    Args:
        name: of the box.
        config: its options.

    Raises:
        ValueError: with name and option.
    """
    for key in OPTIONS_OF_MODELS:
        if key in config:
            raise ValueError(
                f'{name}: {key}={config[key]!r} is an option of the model in '
                f'it. {CHANNELS_HELP}.'
            )


def check_model_config(model: Mapping[str, Any]) -> None:
    """Refuse what Python or torch would refuse with a traceback.

    Args:
        model: config of a segmentor, its heads MMSegmentation's or ours.

    Raises:
        ValueError: a number of classes that is none, one of our encoders
            with channels as its own option, or means that the preprocessor
            does not take; or no model at all.
    """
    if not isinstance(model, Mapping):
        raise ValueError(
            f'config: model is {model!r:.80}, wanted '
            "model=dict(type='EncoderDecoder', ...)."
        )
    backbone = model.get('backbone') or {}
    if str(backbone.get('type')).split('.')[-1] in ENCODERS:
        check_own_options('model.backbone', backbone)
    _check_means(model.get('data_preprocessor') or {})
    for key in ('decode_head', 'auxiliary_head'):
        heads = model.get(key) or []
        for head in heads if isinstance(heads, list | tuple) else [heads]:
            if 'num_classes' in head:
                check_count(f'model.{key}.num_classes', head['num_classes'])


def _check_means(preprocessor: Mapping[str, Any]) -> None:
    """Refuse what MMEngine answers by an AssertionError.

    MMSegmentation's own takes any number of means, OneDL's one or three.
    """
    from mmengine.model import ImgDataPreprocessor
    from mmseg.registry import MODELS

    kind = preprocessor.get('type')
    kind = MODELS.get(kind) if isinstance(kind, str) else kind
    means = preprocessor.get('mean') or ()
    if (
        kind in (ImgDataPreprocessor, MODELS.get('SegDataPreProcessor'))
        and issubclass(kind, ImgDataPreprocessor)
        and len(means) not in (0, 1, 3)
    ):
        raise ValueError(
            f'model.data_preprocessor: {kind.__name__} takes one or three '
            f'means, and there are {len(means)}. Take '
            "type='xnet_mm.MultiChannelDataPreProcessor'."
        )


def describe_close(word: Any, known: Collection[str]) -> str:
    """'; it knows a, b', which are closest to `word`; or ''."""
    by_case = {name.lower(): name for name in known}
    close = get_close_matches(str(word).lower(), by_case, 4)
    names = ', '.join(by_case[name] for name in close)
    return f'; it knows {names}' if names else ''


def _is_list(values: Any) -> bool:
    return isinstance(values, Sequence) and not isinstance(values, str)
