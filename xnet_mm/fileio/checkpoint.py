"""What `torch.load(weights_only=True)` may build from an OpenMMLab checkpoint.

Since 2.6 PyTorch loads only tensors and plain containers unless a type is
allowed by name. A checkpoint of MMEngine's Runner also holds its log history
(`HistoryBuffer`) and numpy scalars of the metrics: upstream MMEngine then
cannot resume at all, the OneDL fork falls back to unsafe loading.
This is the one list of the package; importing `xnet_mm` adds it.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer

_DTYPES = ('f2', 'f4', 'f8', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8')


def _history_method(cls: type, name: str) -> Any:
    """`getattr`, cut down to what the pickle of a HistoryBuffer asks for.

    Raises:
        UnpicklingError: any other object or a private name.
    """
    if cls is not HistoryBuffer or name.startswith('_'):
        raise UnpicklingError(
            f'The file asks for getattr({cls!r}, {name!r}): only the public '
            'methods of HistoryBuffer are allowed. It was not written by '
            'MMEngine; do not load it.'
        )
    return getattr(cls, name)


def _named(function: Callable, module: str, name: str) -> Callable:
    """`function` under the name by which pickles ask for it."""

    def call(*args: Any) -> Any:
        return function(*args)

    call.__module__, call.__name__, call.__qualname__ = module, name, name
    return call


@cache
def safe_globals() -> list[Callable | tuple[Callable, str]]:
    """The types and functions that may be built and called."""
    multiarray = getattr(np, '_core', None) or np.core  # numpy 2, numpy 1
    numpy_functions = [
        _named(
            getattr(multiarray.multiarray, name),
            f'numpy.{core}.multiarray',
            name,
        )
        for core in ('_core', 'core')  # either may have written the file
        for name in ('_reconstruct', 'scalar')
    ]
    return [
        HistoryBuffer,
        _named(_history_method, 'builtins', 'getattr'),
        np.ndarray,
        np.dtype,
        *numpy_functions,
        *(type(np.dtype(name)) for name in (*_DTYPES, '?')),
    ]


def allow_mmengine_checkpoints() -> None:
    """Add the list to PyTorch's own."""
    torch.serialization.add_safe_globals(safe_globals())


def load_checkpoint_file(path: str | Path) -> dict:
    """Read a checkpoint on the CPU; nothing in it can run code.

    Raises:
        UnpicklingError: the file asks for a type that is not allowed.
    """
    # Again, because the OneDL fork takes its own list off after each load,
    # and with it what both lists name.
    allow_mmengine_checkpoints()
    return torch.load(path, map_location='cpu', weights_only=True)
