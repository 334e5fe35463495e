"""The tensors of a checkpoint beside those of a model."""

from collections import OrderedDict
from collections.abc import Collection
from typing import Any, NamedTuple

import torch
from mmengine.model import BaseTTAModel, is_model_wrapper
from torch import Tensor, nn

# Of BatchNorm, read by nothing; old files lack it.
COUNTER = 'num_batches_tracked'


class Fit(NamedTuple):
    """How the tensors of a checkpoint fit those of a model.

    Attributes:
        fitting: Names in both, of one shape and kind.
        missing: Names that only the model has.
        unexpected: Names that only the checkpoint has.
        reshaped: Names in both, of two shapes, or whole numbers in one.
        broken: Names of `fitting` whose values are NaN or infinite.
    """

    fitting: list[str]
    missing: list[str]
    unexpected: list[str]
    reshaped: list[str]
    broken: list[str]

    @property
    def is_whole(self) -> bool:
        """Whether nothing was left out."""
        return not (self.missing or self.unexpected or self.reshaped)


def weights_of(checkpoint: dict) -> dict[str, Tensor]:
    """The state dict, of a bare one too, without DDP's prefix."""
    state = checkpoint.get('state_dict', checkpoint)
    plain = OrderedDict(
        (key.removeprefix('module.'), value) for key, value in state.items()
    )
    if hasattr(state, '_metadata'):
        plain._metadata = state._metadata  # type: ignore[attr-defined]
    return plain


def unwrapped(model: nn.Module) -> nn.Module:
    """The segmentor within wrappers of DDP and test-time augmentation."""
    inner: Any = model
    while is_model_wrapper(inner) or isinstance(inner, BaseTTAModel):
        inner = inner.module
    return inner


def fit(model: nn.Module, state: dict[str, Tensor]) -> Fit:
    """Compare names and shapes, and look at the values."""
    own = model.state_dict()
    parameters = {name for name, _ in model.named_parameters()}
    both = [k for k in own if k in state and COUNTER not in k]
    same = [k for k in both if form(own[k]) == form(state[k])]
    return Fit(
        fitting=same,
        missing=[k for k in own if k not in state and COUNTER not in k],
        unexpected=[k for k in state if k not in own],
        reshaped=[k for k in both if form(own[k]) != form(state[k])],
        broken=[
            k
            for k in same
            if is_broken(state[k])
            # unless the model is made so, say a mask of -inf
            and (k in parameters or not is_broken(own[k]))
        ],
    )


def form(value: Any) -> str:
    """Shape of a tensor, and whether it counts or measures."""
    if not isinstance(value, Tensor):
        return 'no tensor'
    is_whole = not (value.is_floating_point() or value.is_complex())
    return f'{tuple(value.shape)}' + ' of whole numbers' * is_whole


def is_broken(value: Any) -> bool:
    """Whether a tensor holds NaN or infinity."""
    return (
        isinstance(value, Tensor)
        and value.is_floating_point()
        and not bool(torch.isfinite(value).all())
    )


def fit_with_hooks(model: nn.Module, state: dict, found: Fit) -> Fit:
    """What is left after the model's own hooks have renamed and re-sized."""
    if any(hasattr(t, 'device_mesh') for t in model.parameters()):
        return found  # shares of weights: they load by other means
    try:
        missing, unexpected = model.load_state_dict(state, strict=False)
    except (RuntimeError, AttributeError, TypeError):
        return found
    own = model.state_dict()
    whole = [k for k in found.reshaped if state[k].shape == own[k].shape]
    changed = [*found.reshaped, *found.unexpected]
    return Fit(
        fitting=found.fitting,
        missing=[k for k in missing if COUNTER not in k],
        unexpected=unexpected,
        reshaped=whole,  # whole numbers, which loading would convert
        broken=found.broken + [k for k in changed if is_broken(state[k])],
    )


def some(names: Collection[str], most: int = 6) -> str:
    """The first of many."""
    names = list(names)
    more = f', ... ({len(names)} in all)' if len(names) > most else ''
    return ', '.join(names[:most]) + more
