"""What a config says of layer-wise learning rates."""

from collections.abc import Mapping
from typing import Any

from mmengine.config import Config

from ..models import PretrainedEncoder
from ..models.arguments import check_number, describe_close
from ..registry import MODELS

NAME = 'LayerDecayOptimWrapperConstructor'
WHERE = 'optim_wrapper.paramwise_cfg'
PARTS = ('encoder', 'decoder')
# What `DefaultOptimWrapperConstructor` reads.
THEIRS = {'custom_keys', 'bias_lr_mult', 'bias_decay_mult', 'norm_decay_mult'}
THEIRS |= {'flat_decay_mult', 'dwconv_decay_mult', 'dcn_offset_lr_mult'}
THEIRS |= {'bypass_duplicate'}
# What other constructors of layer-wise rates read.
FOUND = {'num_layers', 'decay_type', 'layer_decay_rate', 'layer_decay'}
WANTED = (
    'wanted decay_rate=0.9 for both pre-trained models, or encoder=dict('
    'decay_rate=0.9), decoder=dict(decay_rate=0.8), or one of them'
)


def check_layer_decay(cfg: Config) -> None:
    """Refuse other constructors of layer-wise rates for our encoders.

    MMSegmentation's and MMPretrain's go by the names of their own backbones'
    layers.

    Raises:
        ValueError: with the constructor and what to take instead.
    """
    constructor = (cfg.get('optim_wrapper') or {}).get('constructor', '')
    if isinstance(constructor, type):  # a config of Python's own imports
        constructor = constructor.__name__
    kind = ((cfg.get('model') or {}).get('backbone') or {}).get('type')
    backbone = MODELS.get(kind) if isinstance(kind, str) else kind
    ours = isinstance(backbone, type) and issubclass(
        backbone, PretrainedEncoder
    )
    mine = str(constructor).split('.')[-1] == NAME
    if 'Decay' in str(constructor) and not mine and ours:
        raise ValueError(
            f'optim_wrapper.constructor={constructor!r} knows the layers of '
            f"other backbones' and not those of {kind}. Take constructor="
            f"'xnet_mm.{NAME}' and paramwise_cfg=dict(decay_rate=0.9): it "
            'finds the layers of encoder and decoder itself.'
        )


def read_rates(cfg: Any) -> dict[str, float]:
    """The decay rate of each part that has one."""
    if cfg is not None and not isinstance(cfg, Mapping):
        raise ValueError(f'{WHERE}={cfg!r}; {WANTED}.')
    cfg = cfg or {}
    for key in cfg:
        if key in FOUND:
            raise ValueError(
                f'{WHERE}.{key}={cfg[key]!r}: {NAME} finds the layers itself, '
                f'one after the other. Leave it out; {WANTED}.'
            )
        known = {'decay_rate', *PARTS, *THEIRS}
        if key not in known:
            raise ValueError(
                f'{WHERE}.{key} is unknown{describe_close(key, known)}.'
            )
    rates = {}
    for part in PARTS:
        if part in cfg:
            options = cfg[part]
            if not isinstance(options, Mapping) or [*options] != [
                'decay_rate'
            ]:
                raise ValueError(f'{WHERE}.{part}={options!r}; {WANTED}.')
            rates[part] = options['decay_rate']
            check_number(f'{WHERE}.{part}.decay_rate', rates[part], high=1.0)
        elif 'decay_rate' in cfg:
            rates[part] = cfg['decay_rate']
            check_number(f'{WHERE}.decay_rate', rates[part], high=1.0)
    if not rates:
        raise ValueError(f'{WHERE} has no rate; {WANTED}.')
    return rates
