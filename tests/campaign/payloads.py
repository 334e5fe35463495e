"""Hostile pickles: each would make the file `marker`, were it believed.

Mechanisms are ways in which unpickling reaches code; formats are those that
`torch.load` reads; places are where in a checkpoint the object lies.
"""

import builtins
import logging
import os
import pickle
import subprocess
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.logging import HistoryBuffer


class Call:
    """Pickled as the call of a function."""

    def __init__(self, function, *args) -> None:
        self.function, self.args = function, args

    def __reduce__(self):
        return self.function, self.args

    def __call__(self) -> None:
        """Pickle wants functions; this one may be a call's result."""


def _chain(marker: Path) -> Call:
    """HistoryBuffer.__init__.__globals__['__builtins__']['eval'](...)"""
    init = Call(getattr, HistoryBuffer, '__init__')
    names = Call(getattr, init, '__globals__')
    found = Call(Call(getattr, names, 'get'), '__builtins__')
    function = Call(Call(getattr, found, 'get'), 'eval')
    return Call(function, f'open({str(marker)!r}, "w").close()')


def _public_method(marker: Path) -> Call:
    """A function of its own, through a method that is allowed by name."""
    method = Call(getattr, HistoryBuffer, 'register_statistics')
    return Call(method, Call(os.system, f'touch {marker}'))


def _objects(marker: Path) -> np.ndarray:
    array = np.empty(2, object)
    array[:] = [Call(os.system, f'touch {marker}'), 1]
    return array


def _inner_load(marker: Path) -> Call:
    inner = pickle.dumps(Call(os.system, f'touch {marker}'))
    return Call(torch.storage._load_from_bytes, inner)


MECHANISMS = {
    'os.system': lambda m: Call(os.system, f'touch {m}'),
    'os.popen': lambda m: Call(os.popen, f'touch {m}'),
    'subprocess': lambda m: Call(subprocess.check_call, ['touch', str(m)]),
    'eval': lambda m: Call(builtins.eval, f'open({str(m)!r}, "w").close()'),
    'exec': lambda m: Call(builtins.exec, f'open({str(m)!r}, "w").close()'),
    'open': lambda m: Call(builtins.open, str(m), 'w'),
    'Path.touch': lambda m: Call(Path.touch, m),
    'FileHandler': lambda m: Call(logging.FileHandler, str(m)),
    'memmap': lambda m: Call(np.memmap, str(m), 'u1', 'w+', 0, 1),
    'getattr chain': _chain,
    'HistoryBuffer method': _public_method,
    'numpy objects': _objects,
    'torch in torch': _inner_load,
    'Config.fromstring': lambda m: Call(
        Config.fromstring, f'open({str(m)!r}, "w").close()', '.py'
    ),
}


def save_zip(content: object, path: Path) -> None:
    torch.save(content, path)


def save_legacy(content: object, path: Path) -> None:
    torch.save(content, path, _use_new_zipfile_serialization=False)


def save_pickle(content: object, path: Path) -> None:
    path.write_bytes(pickle.dumps(content))


FORMATS = {'zip': save_zip, 'legacy': save_legacy, 'pickle': save_pickle}


def into(content: dict, place: str, thing: object) -> dict:
    """A checkpoint with `thing` at a place like meta.config."""
    content = deepcopy(content)
    *folders, name = place.split('.')
    node = content
    for folder in folders:
        node = node.setdefault(folder, {})
    node[name] = thing
    return content


def code_as_config(marker: Path) -> str:
    """A config's text that runs code when it is read as Python."""
    return f'open({str(marker)!r}, "w").close()\nmodel = dict()\n'
