"""Our own reader of pickles: what it builds, and what it leaves alone."""

import copyreg
import io
import os
import pickle
import tarfile
from collections import Counter, OrderedDict

import pytest
import torch
from hostile_files import Call

from xnet_mm.fileio import unpickling
from xnet_mm.fileio.unpickling import allowed_names, read_plain


@pytest.fixture(autouse=True)
def our_reader(monkeypatch):
    monkeypatch.setattr(unpickling, 'HAS_OWN_READER', True)


def read(data, tmp_path):
    """Of a pickle by itself, as the reader would see it in a file."""
    return unpickling._PlainUnpickler(io.BytesIO(data)).load()


@pytest.mark.parametrize('zipped', [True, False])
def test_everything_plain_comes_back(tmp_path, zipped):
    state = torch.nn.Linear(2, 3).half().state_dict()
    content = dict(
        state_dict=state,
        types=[torch.bfloat16, torch.uint8, torch.device('cpu')],
        more=(1, 2.5, None, True, 'a', b'\xffb', {3}, 2**70, Counter('aab')),
        bytes=bytearray(b'\x00\xff'),
        whole=torch.nn.Parameter(torch.ones(2)),
        size=torch.Size([1, 2]),
    )
    path = tmp_path / 'a.pth'
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    loaded = read_plain(path, 'cpu')
    assert isinstance(loaded['state_dict'], OrderedDict)
    assert loaded['state_dict']._metadata == state._metadata
    for name, tensor in loaded['state_dict'].items():
        assert tensor.dtype == torch.float16
        assert torch.equal(tensor, state[name])
    for name in ('types', 'more', 'size', 'bytes'):
        assert loaded[name] == content[name]
    assert torch.equal(loaded['whole'], content['whole'])


@pytest.mark.parametrize('protocol', range(6))
def test_a_foreign_function_is_not_even_imported(protocol):
    data = pickle.dumps([Call(os.getcwd)], protocol)
    with pytest.raises(
        pickle.UnpicklingError, match=r'Unsupported global: posix\.getcwd'
    ):
        read(data, None)


def test_what_was_imported_cannot_be_written_into():
    """BUILD with a pair of states sets attributes: here of a function."""
    wanted = torch._utils._rebuild_tensor_v2
    state = (None, dict(__defaults__=(1, 2, 3)))
    data = (
        b'\x80\x02ctorch._utils\n_rebuild_tensor_v2\n'
        + pickle.dumps(state, 2)[2:-1]
        + b'b.'
    )
    before = wanted.__defaults__
    with pytest.raises(
        pickle.UnpicklingError, match='Unsupported state of a function'
    ):
        read(data, None)
    assert wanted.__defaults__ == before
    pickle.loads(data)  # as Python would
    try:
        assert wanted.__defaults__ == (1, 2, 3)
    finally:
        wanted.__defaults__ = before


def test_extensions_are_refused(monkeypatch):
    copyreg.add_extension('posix', 'getcwd', 77)
    try:
        data = pickle.dumps(os.getcwd, 2)
        with pytest.raises(pickle.UnpicklingError, match='extension 77'):
            read(data, None)
    finally:
        copyreg.remove_extension('posix', 'getcwd', 77)


@pytest.mark.parametrize('arguments', [('a', 'utf-8'), (b'a',), (3,)])
def test_encode_is_for_bytes_alone(arguments):
    class Encoded:
        def __reduce__(self):
            import _codecs

            return _codecs.encode, arguments

    with pytest.raises(pickle.UnpicklingError, match='encodes'):
        read(pickle.dumps(Encoded(), 2), None)


def test_a_tar_unpacks_nothing(tmp_path):
    path = tmp_path / 'a.pth'
    with tarfile.open(path, 'w') as tar:
        tar.addfile(tarfile.TarInfo('../outside'))
    with pytest.raises(pickle.UnpicklingError, match=r'\.tar'):
        read_plain(path, 'cpu')
    assert os.listdir(tmp_path) == ['a.pth']


def test_the_names(monkeypatch):
    ours = allowed_names()
    assert {'collections.OrderedDict', 'numpy.ndarray'} <= ours
    if hasattr(torch.serialization, 'get_safe_globals'):
        monkeypatch.setattr(unpickling, 'HAS_OWN_READER', False)
        assert {'collections.OrderedDict', 'numpy.ndarray'} <= allowed_names()
    assert not [n for n in ours if n.startswith(('os.', 'posix.', 'sys.'))]
