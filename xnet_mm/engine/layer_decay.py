"""Lower learning rates for the early layers of pre-trained models."""

from itertools import groupby
from typing import NamedTuple

from mmengine.logging import print_log
from mmengine.optim import DefaultOptimWrapperConstructor
from torch import Tensor, nn

from ..models import PretrainedEncoder, PretrainedReversedDecoder
from ..models.arguments import check_number
from ..registry import OPTIM_WRAPPER_CONSTRUCTORS
from .layer_rates import NAME, WHERE, read_rates

BOXES: dict[str, type[PretrainedEncoder | PretrainedReversedDecoder]] = {
    'encoder': PretrainedEncoder,
    'decoder': PretrainedReversedDecoder,
}


class _Layer(NamedTuple):
    """One layer of a pre-trained model.

    Attributes:
        part: 'encoder' or 'decoder', or 'others' for all that is new.
        box: which model, 0 for none.
        above: how many layers of it follow; the rate decays so many times.
        depth: how many come before.
        factor: of the learning rate.
    """

    part: str = 'others'
    box: int = 0
    above: int = 0
    depth: int = 0
    factor: float = 1.0


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class LayerDecayOptimWrapperConstructor(DefaultOptimWrapperConstructor):
    """Layer-wise decay of the learning rate, in encoder and decoder.

    A parameter with `n` layers of its pre-trained model after it has the
    learning rate `lr * decay_rate ** n`. What belongs to none of the two
    (RS, links, heads) is new and has `lr`.

    The layers are timm's: `group_matcher(coarse=False)` of each model puts
    the stem first, depth 0, then one block after the other, a down-sampling
    with the block that follows it. The last layer that is used has the whole
    `lr`. (timm and MMSegmentation count the classifier's head as one more,
    hence have one more power of the rate everywhere.)

    The decoder's layers count in the same direction, stem first. That is the
    order in which they were trained and the one in which this network runs
    them, high to low resolution: its first layers are the general ones
    (edges, textures), like an encoder's, although they lie behind the
    encoder here and PFP reads all four stages.

    Weight decay stays away from the parameters in timm's `no_weight_decay()`
    (Swin's position tables, a ViT's tokens) and, as in timm and in
    MMSegmentation's constructor, from those of one dimension (norms,
    biases); `flat_decay_mult=1.0` lets the latter decay.

    Example:
        >>> optim_wrapper = dict(
        ...     type='OptimWrapper',
        ...     optimizer=dict(type='AdamW', lr=2.5e-4, weight_decay=0.01),
        ...     constructor='xnet_mm.LayerDecayOptimWrapperConstructor',
        ...     paramwise_cfg=dict(
        ...         encoder=dict(decay_rate=0.9),
        ...         decoder=dict(decay_rate=0.8)))

    Args:
        optim_wrapper_cfg: as MMEngine's default constructor takes it.
        paramwise_cfg: `decay_rate` for both models; or `encoder` and
            `decoder` with a `decay_rate` each, or one of them: the other
            then has `lr`. Beside these, all that the default constructor
            takes: `lr_mult` (of `custom_keys`) and `bias_lr_mult` multiply
            the layer's factor; `decay_mult` of a custom key overrules what
            is said above of weight decay, and so do `norm_decay_mult`,
            `bias_decay_mult` and `dwconv_decay_mult` for one dimension.

    Raises:
        ValueError: a rate not above 0 and at most 1, none at all, an unknown
            key, several optimisers, or no `lr`; when called, a model without
            the part that has a rate, or one whose layers are not known.
    """

    def __init__(
        self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None
    ) -> None:
        self.rates: dict[str, float] = read_rates(paramwise_cfg)
        if 'optimizer' not in optim_wrapper_cfg:
            raise ValueError(
                f'optim_wrapper has no `optimizer`: {NAME} makes one of the '
                'whole model, and none of several by name. Got '
                f'{", ".join(optim_wrapper_cfg) or "nothing"}.'
            )
        super().__init__(optim_wrapper_cfg, paramwise_cfg)
        check_number('optim_wrapper.optimizer.lr', self.base_lr)

    def add_params(
        self,
        params: list[dict],
        module: nn.Module,
        prefix: str = '',
        is_dcn_module: int | float | None = None,
    ) -> None:
        """Add the groups of a model's parameters to `params`.

        Of each model the last layers come first, after what is new: the log
        shows the learning rate of the first group.

        Raises:
            ValueError: see the class; or a parameter that two modules share.
        """
        super().add_params(params, module, prefix, is_dcn_module)
        if not prefix:  # not for a child: the default one calls itself
            params[:] = self._group(params, module)

    def _group(self, singles: list[dict], model: nn.Module) -> list[dict]:
        """One group for all of a layer that have the same settings."""
        names = {id(p): name for name, p in model.named_parameters()}
        layers, spared = self._find_layers(model)
        groups: dict[tuple, dict] = {}
        for options in singles:
            (parameter,) = options.pop('params')
            if id(parameter) not in names:
                raise ValueError(
                    'Two modules share a parameter of shape '
                    f'{tuple(parameter.shape)}: set '
                    f'{WHERE}.bypass_duplicate=True.'
                )
            name = names.pop(id(parameter))
            layer = layers.get(name, _Layer())
            self._spare(name, parameter, options, spared)
            options.setdefault('lr', self.base_lr)
            options['lr'] *= layer.factor
            options['lr_scale'] = layer.factor
            # Told apart even where the values are alike, so that a changed
            # rate or weight decay changes no group, and resumes.
            may_decay = parameter.ndim > 1 and name not in spared
            key = (layer, may_decay, repr(sorted(options.items())))
            group = groups.setdefault(key, dict(params=[], **options))
            group['params'].append(parameter)
        ordered = sorted(groups, key=lambda key: (key[0].box, key[0].above))
        _print_layers([(key[0], groups[key]) for key in ordered], self.base_lr)
        return [groups[key] for key in ordered]

    def _find_layers(
        self, model: nn.Module
    ) -> tuple[dict[str, _Layer], set[str]]:
        """Layers, and who is to have no weight decay, by parameters' names."""
        boxes = [
            (part, path, box)
            for path, box in model.named_modules()
            for part, kind in BOXES.items()
            if isinstance(box, kind)
        ]
        there = {part for part, _, _ in boxes}
        for part in self.rates:
            if part not in there and (part in self.paramwise_cfg or not there):
                raise ValueError(
                    f'{WHERE} has a decay_rate for the {part}, and '
                    f'{type(model).__name__} has no {BOXES[part].__name__}. '
                    'Leave it out, or take another constructor.'
                )
        found: dict[str, _Layer] = {}
        spared: set[str] = set()
        for number, (part, path, box) in enumerate(boxes, start=1):
            layers = box.layers
            if layers is None and part in self.rates:
                raise ValueError(_explain_unknown(part, box.config))
            if layers is None:
                continue
            prefix = f'{path}.{part}.' if path else f'{part}.'
            spared |= {prefix + name for name in layers.no_weight_decay}
            if part in self.rates:
                last = max(layers.depths.values())
                for name, depth in layers.depths.items():
                    factor = self.rates[part] ** (last - depth)
                    found[prefix + name] = _Layer(
                        part, number, last - depth, depth, factor
                    )
        return found, spared

    def _spare(
        self, name: str, parameter: Tensor, options: dict, spared: set[str]
    ) -> None:
        """Keep weight decay away from a parameter that is to have none."""
        if 'decay_mult' in options:  # of a custom key
            return
        keys = self.paramwise_cfg.get('custom_keys', {})
        is_custom = any(key in name for key in keys)
        is_told = 'weight_decay' in options and not is_custom
        if name in spared:
            mult = 0.0
        elif parameter.ndim <= 1 and not is_told:
            mult = self.paramwise_cfg.get('flat_decay_mult', 0.0)
        else:
            return
        if self.base_wd is not None or not mult:
            options['weight_decay'] = (self.base_wd or 0.0) * mult


def _explain_unknown(part: str, config: str | dict) -> str:
    name = config
    if isinstance(config, dict):
        name = config.get('model_name') or config.get('type', '')
    return (
        f'The layers of the {part}, {name}, are not known: it has no '
        '`group_matcher` as models of timm have it. Give only the other '
        'model a decay_rate, and this one a rate of its own: paramwise_cfg='
        f"dict(custom_keys={{'.{part}.': dict(lr_mult=0.1)}})."
    )


def _print_layers(groups: list[tuple[_Layer, dict]], lr: float) -> None:
    """A line of the log for each layer."""
    rows = [
        f'{NAME}: {len(groups)} groups of parameters, lr={lr:g} (or what '
        'paramwise_options above says) times:',
        f'{"part":8} {"depth":>5} {"factor":>10} {"tensors":>8} '
        f'{"parameters":>12} {"no decay":>9}',
    ]
    for layer, members in groupby(groups, key=lambda item: item[0]):
        several = [group for _, group in members]
        tensors = [p for group in several for p in group['params']]
        sizes = [p.numel() for p in tensors]
        spared = sum(
            len(g['params']) for g in several if g.get('weight_decay') == 0
        )
        depth = layer.depth if layer.box else '-'
        rows.append(
            f'{layer.part:8} {depth:>5} {layer.factor:>10.4g} '
            f'{len(sizes):>8} {sum(sizes):>12,} {spared:>9}'
        )
    print_log('\n'.join(rows), logger='current')
