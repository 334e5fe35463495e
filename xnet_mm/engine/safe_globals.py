"""What `torch.load(weights_only=True)` may build from an OpenMMLab checkpoint.

Since 2.6 PyTorch loads only tensors and plain containers unless a type is
allowed by name. A checkpoint of MMEngine's Runner also holds its log history
(`HistoryBuffer`) and numpy scalars of the metrics: upstream MMEngine then
cannot resume at all, the OneDL fork falls back to unsafe loading.
This is the one list of the package; importing `xnet_mm` adds it.
"""

from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from mmengine.utils import digit_version

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


def safe_globals() -> list:
    """The types, and (callable, pickled name) pairs, that may be built."""
    # The names that numpy >= 2 and numpy 1 write for the same two functions.
    multiarray = getattr(np, '_core', None) or np.core
    numpy_functions = [
        (
            getattr(multiarray.multiarray, name),
            f'numpy.{core}.multiarray.{name}',
        )
        for core in ('_core', 'core')
        for name in ('_reconstruct', 'scalar')
    ]
    dtypes = [type(np.dtype(name)) for name in (*_DTYPES, '?')]
    return [
        HistoryBuffer,
        (_history_method, 'builtins.getattr'),
        np.ndarray,
        np.dtype,
        *numpy_functions,
        *dtypes,
    ]


def allow_mmengine_checkpoints() -> None:
    """Add the list to PyTorch's own; nothing to do before 2.6."""
    if digit_version(torch.__version__) >= digit_version('2.6'):
        torch.serialization.add_safe_globals(safe_globals())
