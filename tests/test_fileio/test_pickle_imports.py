"""The names that a pickle imports, from its bytes alone."""

import collections
import functools
import os
import pickle

import pytest
import torch
from hostile_files import Call, checkpoint

from xnet_mm.fileio.pickle_imports import foreign_types, is_zip


@pytest.mark.parametrize('protocol', range(6))
def test_every_protocol_is_read(tmp_path, protocol):
    content = [Call(os.getcwd), Call(eval, '1'), functools.partial(print)]
    path = tmp_path / 'a.pkl'
    path.write_bytes(pickle.dumps(content, protocol))
    assert foreign_types(path) == [
        'posix.getcwd', 'builtins.eval', 'functools.partial', 'builtins.print'
    ]  # fmt: skip


@pytest.mark.parametrize('zipped', [True, False])
def test_of_a_checkpoint_only_what_is_more_than_data(tmp_path, zipped):
    path = tmp_path / 'a.pth'
    content = checkpoint(a=collections.OrderedDict(b=1), c=Call(os.getcwd))
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    assert is_zip(path) == zipped
    assert foreign_types(path) == ['posix.getcwd']


def test_the_first_of_many(tmp_path):
    calls = [Call(getattr(os, f)) for f in dir(os) if f.startswith('get')]
    torch.save(calls, tmp_path / 'a.pth')
    names = foreign_types(tmp_path / 'a.pth')
    assert len(names) == 5
    assert names[-1] == f'... ({len(calls)} in all)'


def test_what_is_no_pickle_imports_nothing(tmp_path):
    for data in (b'', b'text', b'\x80\x04', b'PK\x05\x06' + bytes(18)):
        (tmp_path / 'a').write_bytes(data)
        assert foreign_types(tmp_path / 'a') == []
