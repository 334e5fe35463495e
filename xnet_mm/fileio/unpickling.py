"""Pickles read as data alone: by PyTorch's own reader, or before 2.6 by ours.

Up to 2.3 PyTorch's has no list that could be extended, and up to 2.5 a file
in the old .tar format gets round it (CVE-2025-32434).
"""

import _compat_pickle
import pickle
import tarfile
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import _weights_only_unpickler as torch_reader

from ..compat import TORCH
from .plain_pickle import Inert, finish, stand_ins

HAS_OWN_READER = TORCH < (2, 6)


def read_plain(path: Path, map_location: Any) -> Any:
    """`torch.load` of tensors, plain containers and stand-ins.

    Args:
        path: Of a file that `torch.save` wrote.
        map_location: Where tensors go, as of `torch.load`.

    Returns:
        What was saved, with stand-ins where `plain_pickle.finish` makes
        numbers, arrays and histories.

    Raises:
        Exception: of any type; the file is damaged or asks for more.
    """
    if not HAS_OWN_READER:
        with _allowed_stand_ins():
            return torch.load(
                path, map_location=map_location, weights_only=True
            )
    if tarfile.is_tarfile(path):
        raise pickle.UnpicklingError('it is in the .tar format of 2016')
    reader = SimpleNamespace(
        __name__=__name__,  # PyTorch asks whether it is dill
        Unpickler=_PlainUnpickler,
        load=lambda file, **options: _PlainUnpickler(file, **options).load(),
    )
    return torch.load(
        path,
        map_location=map_location,
        pickle_module=reader,
        weights_only=False,
    )


def allowed_names() -> set[str]:
    """The full names of all that a pickle may ask for."""
    if HAS_OWN_READER:
        return {*_allowed()}
    with _allowed_stand_ins():
        return {
            *torch_reader._get_allowed_globals(),
            *torch_reader._get_user_allowed_globals(),
        }


def python_3_name(module: str, name: str) -> str:
    """Protocol 2 has the module names of Python 2."""
    new = _compat_pickle.NAME_MAPPING.get((module, name))
    module, name = new or (
        _compat_pickle.IMPORT_MAPPING.get(module, module),
        name,
    )
    return f'{module}.{name}'


@contextmanager
def _allowed_stand_ins() -> Iterator[None]:
    """PyTorch's list of what may be built, with ours in place of theirs.

    What else the process has allowed by `add_safe_globals` stays allowed.
    """
    before = torch.serialization.get_safe_globals()
    ours = stand_ins()
    torch.serialization.clear_safe_globals()
    torch.serialization.add_safe_globals(
        [g for g in before if _name(g) not in ours] + [*ours.values()]
    )
    try:
        yield
    finally:
        torch.serialization.clear_safe_globals()
        torch.serialization.add_safe_globals(before)


def _name(entry: Any) -> str:
    if isinstance(entry, tuple):  # (what, under which name)
        return entry[1]
    return f'{entry.__module__}.{getattr(entry, "__qualname__", entry)}'


def _encode(text: str, encoding: str = 'latin1') -> bytes:
    """How protocol 2 writes bytes."""
    if type(text) is not str or encoding != 'latin1':
        raise pickle.UnpicklingError(f'it encodes {text!r:.40} differently')
    return text.encode('latin1')


def _bytearray(
    data: bytes | str = b'', encoding: str = 'latin-1'
) -> bytearray:
    """From what it holds; from a number it would take any memory."""
    if type(data) not in (bytes, str) or encoding != 'latin-1':
        raise pickle.UnpicklingError(f'it makes a bytearray of {data!r:.40}')
    return bytearray(
        data if isinstance(data, bytes) else data.encode('latin1')
    )


@cache
def _plain_types() -> dict[str, Any]:
    """What newer PyTorch's own list has more than that of 2.1."""
    types = {v for v in vars(torch).values() if isinstance(v, torch.dtype)}
    return {
        **{str(dtype): dtype for dtype in types},
        '_codecs.encode': _encode,
        'builtins.bytearray': _bytearray,
        'builtins.set': set,
        'collections.Counter': Counter,
        'torch.device': torch.device,
    }


def _allowed() -> dict[str, Any]:
    """Full name -> what our reader takes for it."""
    by_process: list = []
    if hasattr(torch.serialization, 'get_safe_globals'):  # from 2.4
        by_process = torch.serialization.get_safe_globals()
    return {
        **{_name(entry): entry for entry in by_process},
        **torch_reader._get_allowed_globals(),
        **_plain_types(),
        **stand_ins(),
    }


# Without types: typeshed has but the outside of it.
_Python: Any = pickle._Unpickler


class _PlainUnpickler(_Python):
    """Builds what `_allowed` names; changes nothing but what it has built.

    Python's own implementation in Python: there the one operation that
    writes into any object can be replaced.
    """

    dispatch = dict(_Python.dispatch)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.allowed = _allowed()

    def find_class(self, module: str, name: str) -> Any:
        """What stands under a name, imported never."""
        full = python_3_name(module, name)
        if full not in self.allowed:
            raise pickle.UnpicklingError(f'Unsupported global: {full}')
        return self.allowed[full]

    def get_extension(self, code: int) -> None:
        """Refused: `copyreg` would import it."""
        raise pickle.UnpicklingError(f'Unsupported extension {code}')

    def load_build(self) -> None:
        """State, for stand-ins and for a state dict's versions."""
        state = self.stack.pop()
        built = self.stack[-1]
        if isinstance(built, Inert):
            built.state = state
        elif type(built) is OrderedDict:
            vars(built).update(state)
        else:
            raise pickle.UnpicklingError(
                f'Unsupported state of a {type(built).__name__}'
            )

    dispatch[pickle.BUILD[0]] = load_build


def read_plain_pickle(file: Any, **kwargs: Any) -> Any:
    """`pickle.load` of numbers, texts, containers and numpy's arrays.

    Args:
        file: Open, of bytes.
        **kwargs: Those of `pickle.load`.

    Raises:
        Exception: of any type; the file is damaged or asks for more.
    """
    reader = _PlainUnpickler(file, **kwargs)
    reader.allowed = {
        **stand_ins(),
        '_codecs.encode': _encode,
        'builtins.bytearray': _bytearray,
        'builtins.set': set,
        'collections.OrderedDict': OrderedDict,
    }
    return finish(reader.load())[0]
