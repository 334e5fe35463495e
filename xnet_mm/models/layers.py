"""Parameters of a pre-trained model: their layers, and which are used."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from timm.models import group_parameters
from torch import Tensor


class Layers(NamedTuple):
    """The layers of a model, as the library that it comes from counts them.

    Attributes:
        depths: name of a parameter -> its layer, 0 for the stem, one more
            for each block that follows.
        no_weight_decay: names of the parameters that the model's authors
            keep weight decay away from (position tables, tokens, ...).
    """

    depths: dict[str, int]
    no_weight_decay: frozenset[str]

    def renamed(self, names: Mapping[str, str]) -> 'Layers':
        """Under other names, old -> new; what has none is left out."""
        return Layers(
            {names[n]: d for n, d in self.depths.items() if n in names},
            frozenset(names[n] for n in self.no_weight_decay if n in names),
        )


def read_layers(model: Any) -> Layers | None:
    """The layers of a whole, untouched model.

    timm's models have a `group_matcher`; some of MMPretrain's have a
    `get_layer_depth`.

    Returns:
        `None` if the model has neither.
    """
    names = [name for name, _ in model.named_parameters()]
    if hasattr(model, 'group_matcher'):
        matcher = model.group_matcher(coarse=False)
        depths = group_parameters(model, matcher, reverse=True)
    elif hasattr(model, 'get_layer_depth'):
        depths = {name: model.get_layer_depth(name)[0] for name in names}
    else:
        return None
    patterns: set[str] = getattr(model, 'no_weight_decay', set)()
    spared = (n for n in names if any(fnmatchcase(n, p) for p in patterns))
    return Layers(depths, frozenset(spared))


def parameters_behind(outputs: Sequence[Tensor]) -> set[int]:
    """Ids of the parameters that tensors were computed from."""
    seen, found, todo = set(), set(), [o.grad_fn for o in outputs]
    while todo:
        node = todo.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, 'variable'):
            found.add(id(node.variable))
        todo.extend(parent for parent, _ in node.next_functions)
    return found
