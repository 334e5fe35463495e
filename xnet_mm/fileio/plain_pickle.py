"""What a checkpoint's pickle may hold besides tensors and plain containers.

MMEngine's Runner saves its log history (`HistoryBuffer`) and numpy numbers of
the metrics. PyTorch's `weights_only` unpickler can be told to build them, but
numpy's own functions trust what a file says of memory (a dtype's flags make
bytes pointers), and a `HistoryBuffer` writes functions into its class. So a
file gets inert stand-ins under these names, and `finish` makes arrays and
histories of those that hold numbers and nothing else.
"""

import re
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from functools import cache
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer

_DTYPE = re.compile(r'\?|[biufc]\d{1,2}|[US]\d{1,5}')


def _called(module: str, name: str) -> Callable:
    """Decorates what stands under the name by which pickles ask for it."""

    def rename(thing: Any) -> Any:
        thing.__module__, thing.__name__ = module, name
        thing.__qualname__ = name
        return thing

    return rename


class Inert:
    """Remembers what a pickle said; does nothing."""

    def __init__(self, *args: Any) -> None:
        self.args = args
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Array(Inert):
    """A numpy array."""


class _Scalar(Inert):
    """A numpy number."""


@_called('numpy', 'ndarray')
class _ArrayType(Inert):
    """The first argument of `_reconstruct`."""


@_called('numpy', 'dtype')
class _Dtype(Inert):
    """A numpy dtype."""


@_called('mmengine.logging.history_buffer', 'HistoryBuffer')
class _History(Inert):
    """MMEngine's log history of one figure."""


@_called('builtins', 'getattr')
def _history_method(cls: type, name: str) -> str:
    """`getattr`, cut down to what the pickle of a HistoryBuffer asks for.

    Raises:
        UnpicklingError: any other object or a private name.
    """
    if cls is not _History or str(name).startswith('_'):
        raise UnpicklingError(
            f'The file asks for getattr({cls!r}, {name!r}): only the public '
            'methods of HistoryBuffer are allowed.'
        )
    return name


@_called('builtins', 'bytes')
def _no_bytes() -> bytes:
    """What protocol 2 calls for an empty one."""
    return b''


@_called('builtins', 'slice')
def _slice(*args: Any) -> slice:
    """As MMEngine's own list of safe types has it."""
    return slice(*args)


def _numpy_functions() -> Iterator[Callable]:
    """Under the names of numpy 1 and 2: either may have written a file."""
    for core in ('numpy.core.multiarray', 'numpy._core.multiarray'):

        @_called(core, '_reconstruct')
        def reconstruct(*args: Any) -> _Array:
            return _Array(*args)

        @_called(core, 'scalar')
        def scalar(*args: Any) -> _Scalar:
            return _Scalar(*args)

        yield from (reconstruct, scalar)
    for core in ('numpy.core.numeric', 'numpy._core.numeric'):

        @_called(core, '_frombuffer')  # protocol 5
        def from_buffer(
            data: Any, dtype: Any, shape: Any, order: Any, *_: Any
        ) -> _Array:
            array = _Array()
            array.state = shape, dtype, order == 'F', data
            return array

        yield from_buffer


@cache
def stand_ins() -> dict[str, Any]:
    """Full name, as pickles have it -> what is built under it."""
    things = (
        *(_Array, _ArrayType, _Dtype, _History, _history_method),
        *(_no_bytes, _slice),
        *_numpy_functions(),
    )
    return {f'{t.__module__}.{t.__qualname__}': t for t in things}


def finish(content: Any) -> tuple[Any, list[torch.Tensor]]:
    """Make numbers, arrays and histories of the stand-ins in `content`.

    Containers are changed in place; cycles and any depth are fine.

    Returns:
        The content, and all tensors in it.

    Raises:
        ValueError: one does not hold plain numbers.
    """
    content = _real(content)
    tensors: dict[int, torch.Tensor] = {}
    seen: set[int] = set()
    waiting = [content]
    while waiting:
        node = waiting.pop()
        if isinstance(node, torch.Tensor):
            tensors[id(node)] = node
        if id(node) in seen:
            continue
        seen.add(id(node))
        if type(node) in (dict, OrderedDict, Counter):
            if type(node) is OrderedDict:
                _keep_versions(node)
            for key, value in node.items():
                node[key] = _real(value)
            waiting += node.values()
        elif type(node) is list:
            node[:] = map(_real, node)
            waiting += node
        elif type(node) is tuple:  # `_real` has changed its members
            waiting += node
    return content, [*tensors.values()]


def _keep_versions(state: OrderedDict) -> None:
    """Of a state dict's attributes, only the modules' versions."""
    versions = vars(state).get('_metadata')
    vars(state).clear()
    if isinstance(versions, dict) and all(
        isinstance(v, dict) for v in versions.values()
    ):
        state._metadata = versions  # type: ignore[attr-defined]


def _real(value: Any, depth: int = 0) -> Any:
    if type(value) is tuple and depth < 20:
        return tuple(_real(v, depth + 1) for v in value)
    if isinstance(value, _Array):
        return _array(value)
    if isinstance(value, _Scalar):
        return _scalar(*value.args)
    if isinstance(value, _History):
        return _history(value.state)
    if isinstance(value, _Dtype):
        return _dtype(value)
    return value


def _dtype(value: Any) -> np.dtype:
    code = value.args[0] if isinstance(value, _Dtype) and value.args else None
    if not isinstance(code, str) or not _DTYPE.fullmatch(code):
        raise ValueError(
            f'it holds a numpy array of {code!r}, wanted plain numbers'
        )
    dtype = np.dtype(code)
    big = isinstance(value.state, tuple) and value.state[1:2] == ('>',)
    return dtype.newbyteorder('>') if big else dtype


def _array(value: _Array) -> np.ndarray:
    try:
        shape, dtype, fortran, data = value.state[-4:]
        flat = np.frombuffer(data, _dtype(dtype)) if data else np.empty(0)
        return np.reshape(
            flat.astype(_dtype(dtype)), shape, order='F' if fortran else 'C'
        )
    except (TypeError, ValueError) as error:
        raise ValueError(
            f'it holds a numpy array that is none ({error})'
        ) from error


def _scalar(dtype: Any = None, data: Any = b'', *_: Any) -> Any:
    try:
        (number,) = np.frombuffer(data, _dtype(dtype))
    except (TypeError, ValueError) as error:
        raise ValueError(
            f'it holds a numpy number that is none ({error})'
        ) from error
    return number


def _history(state: Any) -> HistoryBuffer:
    try:
        logs, counts = (
            _array(state[key]) for key in ('_log_history', '_count_history')
        )
        length = state['max_length']
        good = (
            logs.shape == counts.shape == (logs.size,)
            and {logs.dtype.kind, counts.dtype.kind} <= set('biuf')
            and type(length) is int
            and length > 0
        )
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(
            f'it holds a log history that is none ({error!r})'
        ) from error
    if not good:
        raise ValueError('it holds a log history that is none')
    return HistoryBuffer(logs, counts, length)
