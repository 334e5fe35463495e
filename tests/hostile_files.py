"""Files of strangers: each makes a marker file if anything in it runs.

`HOSTILE` names functions (path, marker) that write one; `DAMAGED` functions
(path) that write what is no checkpoint, with the text of its error.
"""

import functools
import io
import os
import pickle
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from torch._tensor import _rebuild_from_type_v2
from torch._utils import _rebuild_tensor_v2


class Call:
    """Pickles as the call of a function, with a state for the result."""

    def __init__(self, function, *args, state=None):
        self.call = (function, args) + ((state,) if state is not None else ())

    def __reduce__(self):
        return self.call


def touch(marker):
    """What no reader may call."""
    return Call(Path.touch, Path(marker))


def system(marker):
    return Call(os.system, f'touch {marker}')


def checkpoint(**parts):
    return dict(dict(meta={}, state_dict=dict(w=torch.ones(2))), **parts)


def _torch(make, **options):
    return lambda path, marker: torch.save(make(marker), path, **options)


def _pickle(protocol):
    def write(path, marker):
        data = pickle.dumps(checkpoint(meta=system(marker)), protocol)
        Path(path).write_bytes(data)

    return write


def _tar(path, marker):
    """The oldest format: a tar of pickles."""
    members = dict(
        storages=pickle.dumps(0, 2) + pickle.dumps([], 2),
        tensors=pickle.dumps(0, 2),
        pickle=pickle.dumps(system(marker), 2),
    )
    with tarfile.open(path, 'w') as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def _script(path, marker):
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), path)


def _objects(marker):
    return np.array([system(marker)], dtype=object)


def _history(marker):
    """A history that puts its own function into the class."""
    state = dict(statistics_methods=dict(mean=system(marker)))
    return Call(HistoryBuffer, state=state)


def _globals_of_a_method(marker):
    init = Call(getattr, HistoryBuffer, '__init__')
    return Call(getattr, init, '__globals__')


def _rebuild(marker):
    args = (os.system, torch.Tensor, (f'touch {marker}',), {})
    return Call(_rebuild_from_type_v2, *args)


HOSTILE = {
    'system': _torch(lambda m: checkpoint(state_dict=system(m))),
    'touch in meta': _torch(lambda m: checkpoint(meta=dict(a=touch(m)))),
    'in the optimizer': _torch(lambda m: checkpoint(optimizer=[system(m)])),
    'legacy': _torch(system, _use_new_zipfile_serialization=False),
    'tar': _tar,
    'TorchScript': _script,
    'eval': _torch(lambda m: Call(eval, f'open({str(m)!r}, "w")')),
    'exec': _torch(lambda m: Call(exec, f'open({str(m)!r}, "w")')),
    'partial': _torch(lambda m: Call(functools.partial, open, m, 'w')),
    'nested load': _torch(lambda m: Call(torch.load, m)),
    'numpy objects': _torch(lambda m: checkpoint(meta=dict(a=_objects(m)))),
    'history': _torch(lambda m: checkpoint(hub=_history(m))),
    'globals': _torch(_globals_of_a_method),
    'getattr': _torch(lambda m: Call(getattr, np.ndarray, 'tofile')),
    'rebuild': _torch(lambda m: checkpoint(a=_rebuild(m))),
    **{f'pickle {p}': _pickle(p) for p in (0, 1, 2, 3, 4, 5)},
}


def _bytes(data):
    return lambda path: Path(path).write_bytes(data)


def _save(content):
    return lambda path: torch.save(content, path)


def _cut(path):
    torch.save(checkpoint(), path)
    data = Path(path).read_bytes()
    Path(path).write_bytes(data[: len(data) // 2])


def _flipped(path):
    torch.save(checkpoint(), path)
    with zipfile.ZipFile(path) as archive:
        entries = {i.filename: archive.read(i) for i in archive.infolist()}
    with zipfile.ZipFile(path, 'w') as archive:
        for name, data in entries.items():
            archive.writestr(name, data[::-1] if 'pkl' in name else data)


def _bit(path):
    """One bit of a weight is another; torch.load does not notice."""
    torch.save(dict(state_dict=dict(w=torch.full((9,), 7.0))), path)
    data = Path(path).read_bytes()
    weight = struct.pack('<f', 7)
    Path(path).write_bytes(data.replace(weight, struct.pack('<f', 5), 1))


def _no_directory(path):
    torch.save(checkpoint(), path)
    data = Path(path).read_bytes()
    Path(path).write_bytes(data.replace(b'PK\x01\x02', b'PK\x01\x07'))


def _compressed(path):
    torch.save(checkpoint(), path)
    with zipfile.ZipFile(path) as archive:
        entries = {i.filename: archive.read(i) for i in archive.infolist()}
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)


def _enormous(numel):
    """Tensors that claim more than the file holds."""

    def write(path):
        storage = torch.ones(2)._typed_storage()
        huge = Call(_rebuild_tensor_v2, storage, 0, (numel,), (1,), False, {})
        torch.save(dict(state_dict=dict(w=huge)), path)

    return write


def _empty_array(path):
    """A dtype of objects that says it is one of numbers, on raw bytes."""
    flags = (4, '|', None, None, None, 8, 8, 0, None)
    dtype = Call(np.dtype, 'O', False, True, state=flags)
    reconstruct = np.zeros(1).__reduce__()[0]
    state = (1, (1,), dtype, False, b'\x01' * 8)
    array = Call(reconstruct, np.ndarray, (0,), b'b', state=state)
    torch.save(checkpoint(meta=dict(a=array)), path)


DAMAGED = {
    'empty': (_bytes(b''), 'is empty'),
    'text': (_bytes(b'these are no weights\n' * 9), 'damaged, cut short'),
    'web page': (_bytes(b'\n<!DOCTYPE html><p>404'), 'is a web page'),
    'pointer': (_bytes(b'version https://git-lfs.com/1\n'), 'Git LFS'),
    'noise': (_bytes(bytes(range(256)) * 99), 'damaged, cut short'),
    'zeros': (_bytes(bytes(9999)), 'damaged, cut short'),
    'cut': (_cut, 'damaged, cut short'),
    'flipped': (_flipped, 'damaged, cut short'),
    'bit': (_bit, 'the check sum of .* is another'),
    'no directory': (_no_directory, 'damaged or cut short'),
    'compressed': (_compressed, 'a compressed zip file'),
    'tensor': (_save(torch.ones(2)), 'a Tensor, wanted a dict'),
    'list': (_save([1]), 'a list, wanted a dict'),
    'None': (_save(None), 'a None, wanted a dict'),
    'meta=None': (_save(checkpoint(meta=None)), 'meta=None, wanted a dict'),
    'meta=text': (_save(checkpoint(meta='x')), 'meta=str, wanted a dict'),
    'no states': (_save(dict(state_dict=[1])), 'state_dict=list, wanted'),
    'no tensor': (
        _save(dict(state_dict=dict(w='x'))),
        r"state_dict\['w'\] = a str, wanted a tensor",
    ),
    'numbers for names': (
        _save(dict(state_dict={3: torch.ones(1)})),
        'with the name 3, wanted a text',
    ),
    'without values': (
        _save(dict(state_dict=dict(w=torch.ones(2, device='meta')))),
        'a tensor without values, wanted a tensor',
    ),
    'sparse': (
        _save(dict(state_dict=dict(w=torch.ones(2, 2).to_sparse()))),
        'a sparse or quantized tensor, wanted a tensor',
    ),
    'data': (
        _save(checkpoint(meta=dict(dataset_meta=[1]))),
        r"meta\['dataset_meta'\]=list, wanted a dict",
    ),
    'classes': (
        _save(checkpoint(meta=dict(dataset_meta=dict(classes=[1])))),
        r'classes=\[1\], wanted a list of names',
    ),
    'depth': (
        _save(checkpoint(meta=dict(dataset_meta=dict(max_depth='10')))),
        "max_depth='10', wanted metres",
    ),
    'hub': (_save(checkpoint(message_hub=3)), 'message_hub=int, wanted'),
    'huge': (_enormous(2**50), 'damaged'),
    'large': (_enormous(10**6), 'damaged, cut short|would take 4000000'),
    'bytes as pointers': (_empty_array, "a numpy array of 'O'"),
    'many bytes': (_save(dict(a=Call(bytearray, 2**60))), 'damaged, cut'),
}


def safetensors(header, data=b'', length=None):
    """The bytes of such a file, right or wrong."""
    length = len(header) if length is None else length
    return struct.pack('<Q', length) + header + data
