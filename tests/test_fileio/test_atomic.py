"""A file is the old one or the new one, whenever the writer dies."""

import os
import re
from pathlib import Path

import pytest
from mmengine.fileio import get_file_backend

from xnet_mm.fileio import atomic
from xnet_mm.fileio.atomic import leftovers, write_atomically


class Killed(Exception):
    pass


def test_write_replaces_in_one_step(tmp_path, monkeypatch):
    path = tmp_path / 'new' / 'file'
    write_atomically(path, b'old')
    assert path.read_bytes() == b'old'

    def die(_):
        raise Killed

    monkeypatch.setattr('os.fsync', die)
    with pytest.raises(Killed):
        write_atomically(path, b'half of the new one')
    assert path.read_bytes() == b'old'


def test_each_process_has_a_temporary_name_of_its_own(tmp_path, monkeypatch):
    path = tmp_path / 'file'
    # As one that is killed before the last step.
    monkeypatch.setattr(Path, 'replace', lambda *_: 1 / 0)
    pid = os.getpid()
    for rank, process in ((0, pid), (3, pid), (0, 999999999)):
        monkeypatch.setattr(atomic, 'get_rank', lambda rank=rank: rank)
        monkeypatch.setattr(os, 'getpid', lambda process=process: process)
        with pytest.raises(ZeroDivisionError):
            write_atomically(path, bytes([rank]))
    left = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    assert {re.sub(r'\.\w+-', '.HOST-', k): v for k, v in left.items()} == {
        f'file.HOST-{pid}-0.tmp': b'\x00',
        f'file.HOST-{pid}-3.tmp': b'\x03',
        'file.HOST-999999999-0.tmp': b'\x00',
    }
    (tmp_path / 'file.other_host-1-0.tmp').touch()
    (tmp_path / 'mine.tmp').touch()
    found = leftovers(tmp_path)
    by_pid = [(x.path.name.split('-')[1], x.name, x.alive) for x in found]
    assert sorted(by_pid, key=lambda x: int(x[0])) == [
        ('1', 'file', False),
        (str(pid), 'file', True),
        (str(pid), 'file', True),
        ('999999999', 'file', False),
    ]


@pytest.mark.parametrize('name', ['a' * 255, 'ä' * 127])
def test_a_name_as_long_as_names_may_be(tmp_path, name):
    write_atomically(tmp_path / name, b'content')
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_backend_by_its_name(tmp_path):
    backend = get_file_backend(backend_args=dict(backend='xnet_mm.atomic'))
    path = tmp_path / 'a' / 'b.pth'
    backend.put(b'content', str(path))
    assert backend.get(str(path)) == b'content'
    assert [p.name for p in path.parent.iterdir()] == ['b.pth']
