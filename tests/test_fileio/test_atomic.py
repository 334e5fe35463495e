"""A file is the old one or the new one, whenever the writer dies."""

import pytest
from mmengine.fileio import get_file_backend

from xnet_mm.fileio import atomic
from xnet_mm.fileio.atomic import write_atomically


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
    monkeypatch.setattr('os.fsync', lambda _: 1 / 0)
    for rank in (0, 3):
        monkeypatch.setattr(atomic, 'get_rank', lambda rank=rank: rank)
        with pytest.raises(ZeroDivisionError):
            write_atomically(path, bytes([rank]))
    left = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    assert left == {'file.0.tmp': b'\x00', 'file.3.tmp': b'\x03'}


def test_backend_by_its_name(tmp_path):
    backend = get_file_backend(backend_args=dict(backend='xnet_mm.atomic'))
    path = tmp_path / 'a' / 'b.pth'
    backend.put(b'content', str(path))
    assert backend.get(str(path)) == b'content'
    assert [p.name for p in path.parent.iterdir()] == ['b.pth']
