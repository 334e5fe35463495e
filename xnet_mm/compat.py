"""What differs between the versions of PyTorch that this package runs on.

From 2.1, the last one that OpenMMLab's prebuilt mmcv wheels know, to the
newest. The rest of the package asks for nothing newer than 2.1 but here, or
where a tool that cannot work without it says so (`need_torch`).
"""

import re
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree, flop_counter

TORCH = tuple(int(n) for n in re.findall(r'\d+', torch.__version__)[:2])


def need_torch(version: str, what: str) -> None:
    """Refuse what the installed PyTorch is too old for.

    Args:
        version: the first that has it, as '2.6'.
        what: what needs it, by name, and what can be used in its place.

    Raises:
        RuntimeError: PyTorch is older.
    """
    if tuple(map(int, version.split('.'))) > TORCH:
        raise RuntimeError(
            f'PyTorch {torch.__version__} is too old, {version} or later is '
            f'needed for {what}'
        )


try:
    from torch.nn import RMSNorm
except ImportError:  # before 2.4

    class RMSNorm(nn.Module):  # type: ignore[no-redef]
        """What nn.RMSNorm is with its defaults, in fp32 inside.

        Args:
            channels: size of the last dimension, over which the mean goes.
        """

        def __init__(self, channels: int) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(channels))

        def forward(self, x: Tensor) -> Tensor:
            """(...,C) -> (...,C), of the type of x."""
            wide = x.float()
            mean = wide.square().mean(-1, keepdim=True)
            norm = wide * torch.rsqrt(mean + torch.finfo(wide.dtype).eps)
            return norm.to(x.dtype) * self.weight


def is_compiling() -> bool:
    """Whether torch.compile or torch.export looks at this."""
    if TORCH < (2, 3):
        return torch._dynamo.is_compiling()
    return torch.compiler.is_compiling()


def cpu_autocast_dtype() -> torch.dtype | None:
    """The precision of autocast on a CPU; None while it is off."""
    if TORCH < (2, 4):
        is_on = torch.is_autocast_cpu_enabled()
        return torch.get_autocast_cpu_dtype() if is_on else None
    is_on = torch.is_autocast_enabled('cpu')
    return torch.get_autocast_dtype('cpu') if is_on else None


def tree_leaves(tree: Any) -> list:
    """All that is no container in nested lists, tuples and dicts."""
    return _pytree.tree_flatten(tree)[0]


def set_submodule(model: nn.Module, name: str, module: nn.Module) -> None:
    """Put a module in the place of `model`'s submodule `name`, a.b.c."""
    parent, _, last = name.rpartition('.')
    setattr(model.get_submodule(parent), last, module)


def register_flop_formula(operator: Any) -> Callable:
    """Decorates what counts the operations of `operator` from its shapes."""
    if TORCH >= (2, 6):
        return flop_counter.register_flop_formula(operator)

    def register(formula: Callable) -> Callable:
        # What 2.4 registers by itself it does not find again.
        if TORCH >= (2, 2):
            counted = flop_counter.shape_wrapper(formula)
            flop_counter.flop_registry[operator] = counted
        else:
            vars(flop_counter)['flop_mapping'][operator] = formula
        return formula

    return register
