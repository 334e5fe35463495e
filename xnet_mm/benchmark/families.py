"""Which families of timm are encoders or decoders: built and compared."""

import re
from typing import Any

import timm
import torch
from torch import Tensor, nn

from ..models import PretrainedEncoder, PretrainedReversedDecoder
from ..models.classifier import build_classifier
from ..models.input_size import InputSize

MOST_MILLIONS = 150
TOLERANCE = 1e-5
ODD = (70, 90)


def list_families() -> dict[str, list[str]]:
    """Family -> its models' names.

    A family is one of timm's modules and the first word of names in it,
    without the digits of a size: `maxxvit/coatnet`.
    """
    families: dict[str, list[str]] = {}
    for module in timm.list_modules():
        for name in timm.list_models(module=module):
            words = name.split('_')
            if words[0] == 'test':
                continue
            word = words[1] if words[0] in ('tf', 'legacy') else words[0]
            if not re.search(r'v\d$', word):
                word = re.sub(r'\d+[a-z]*$', '', word)
            families.setdefault(f'{module}/{word}', []).append(name)
    return dict(sorted(families.items()))


def find_smallest(names: list[str]) -> tuple[str, int]:
    """The model of the fewest parameters, and how many those are.

    None gets any memory.
    """
    counts: dict[str, int] = {}
    for name in names:
        with torch.device('meta'):
            model = timm.create_model(name)
        counts[name] = sum(p.numel() for p in model.parameters())
    smallest = min(counts, key=lambda name: counts[name])
    return smallest, counts[smallest]


def examine(name: str) -> dict[str, str]:
    """Try one model of random weights as encoder and as decoder.

    Args:
        name: of a timm model.

    Returns:
        `encoder` and `decoder`, which images each takes, or '' for none;
        `why_no_encoder` and `why_no_decoder`, where one is none; `equals`,
        what of timm's the encoder's map was found equal to.
    """
    facts: dict[str, str] = {}
    for role, attempt in (('encoder', _encode), ('decoder', _decode)):
        try:
            facts.update(attempt(name))
        except ValueError as error:
            facts.update({role: '', f'why_no_{role}': _shorten(name, error)})
        except Exception as error:
            raw = f'RAW {type(error).__name__}: {error}'[:400]
            facts.update({role: '', f'why_no_{role}': raw})
    return facts


@torch.no_grad()
def _encode(name: str) -> dict[str, str]:
    torch.manual_seed(0)
    native = build_classifier(name)[1].eval()
    encoder = PretrainedEncoder(name).eval()
    state = native.state_dict()
    encoder.encoder.load_state_dict(
        {ours: state[n] for n, ours in encoder.native_names.items()}
    )
    fixed = encoder.input_size.fixed
    image = encoder.input_size.fit(torch.rand(1, 3, *(fixed or (64, 96))))
    (ours,) = encoder(image)[1:]
    equals = _find_equal(ours, native, image, encoder.final_norm)
    if not equals:
        raise ValueError('its map is not equal to any of timm')
    _check_extent(encoder(torch.rand(1, 3, *ODD))[1:], encoder.out_strides)
    takes = _describe(encoder.input_size)
    if fixed and _has_img_size(name, fixed):
        takes += ' or `img_size`'
    return dict(encoder=takes, equals=equals)


@torch.no_grad()
def _decode(name: str) -> dict[str, str]:
    torch.manual_seed(0)
    neck = PretrainedReversedDecoder(name, in_channels=8, in_stride=32).eval()
    maps = neck((torch.rand(1, 3, *ODD), torch.rand(1, 8, 3, 3)))
    _check_extent(maps, neck.out_strides)
    return dict(decoder=_describe(neck.decoder.input_size))


def _find_equal(ours: Tensor, native: Any, image: Tensor, norm: bool) -> str:
    """What of the untouched model is our map: the first that is."""
    kept: list[Any] = []
    last = native.feature_info[-1]['module']
    module = dict(native.named_modules()).get(last, nn.Identity())
    hook = module.register_forward_hook(lambda m, args, out: kept.append(out))
    found = {'forward_features': native.forward_features(image)}
    hook.remove()
    if kept:
        found = {'features': kept[-1], **found}
    found['forward_intermediates'] = native.forward_intermediates(
        image, norm=norm, output_fmt='NCHW', intermediates_only=True
    )[-1]
    for what, theirs in found.items():
        if isinstance(theirs, Tensor) and _is_equal(ours, theirs):
            return what
    return ''


def _is_equal(ours: Tensor, theirs: Tensor) -> bool:
    """Whether a map (B,C,h,w) is another one, or (B,h,w,C), or tokens."""
    last = ours.permute(0, 2, 3, 1)
    if theirs.ndim == 3 and theirs.shape[1] >= last[0, ..., 0].numel():
        tokens = theirs[:, -last[0, ..., 0].numel() :]
        return tokens.shape == last.flatten(1, 2).shape and _is_close(
            last.flatten(1, 2), tokens
        )
    return any(
        theirs.shape == layout.shape and _is_close(layout, theirs)
        for layout in (ours, last)
    )


def _is_close(ours: Tensor, theirs: Tensor) -> bool:
    scale = max(1.0, float(theirs.abs().max()))
    return bool((ours - theirs).abs().max() <= TOLERANCE * scale)


def _check_extent(maps: Any, strides: list) -> None:
    """Refuse maps that do not cover the odd image."""
    for x, stride in zip(maps, strides, strict=True):
        for side, cells in zip(ODD, x.shape[-2:], strict=True):
            if not side // stride <= cells <= -(-side // stride):
                raise ValueError(
                    f'an image of {ODD} gives a map of {tuple(x.shape[-2:])}'
                )


def _has_img_size(name: str, size: tuple[int, int]) -> bool:
    try:
        with torch.device('meta'):
            timm.create_model(name, img_size=size)
    except Exception:
        return False
    return True


def _describe(size: InputSize) -> str:
    if size.fixed:
        return '{}×{}'.format(*size.fixed)
    return 'any' if size.divisor == 1 else f'multiples of {size.divisor}'


def _shorten(name: str, error: ValueError) -> str:
    """The reason within one of our errors."""
    text = ' '.join(str(error).split()).partition('. What can: ')[0]
    text = re.sub(rf'^(encoder: )?{re.escape(name)} ', '', text)
    text = re.sub(r'^cannot (serve as a decoder|be an encoder): ', '', text)
    return text.rstrip('.')[:400]
