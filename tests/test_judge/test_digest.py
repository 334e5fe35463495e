"""Digests are those of sha256sum."""

import subprocess

import pytest

from xnet_mm.judge.digest import CHUNK, file_digest, set_digest


def test_as_sha256sum(tmp_path):
    for name, size in (('b.png', 5), ('a.npy', 2 * CHUNK + 7), ('c', 0)):
        (tmp_path / name).write_bytes(bytes(i % 251 for i in range(size)))
    names = ['a.npy', 'b.png', 'c']
    printed = subprocess.run(
        ['sha256sum', *names], cwd=tmp_path, capture_output=True, check=True
    ).stdout
    (tmp_path / 'printed').write_bytes(printed)
    digests = [(n, file_digest(tmp_path / n)) for n in reversed(names)]
    assert set_digest(digests) == file_digest(tmp_path / 'printed')


def test_a_name_and_a_content_change_it():
    found = {
        set_digest(files)
        for files in (
            [('a', '1'), ('b', '2')],
            [('a', '2'), ('b', '1')],
            [('a', '1'), ('c', '2')],
            [('a', '1')],
            [],
        )
    }
    assert len(found) == 5


def test_errors(tmp_path):
    with pytest.raises(FileNotFoundError, match='none: no such file'):
        file_digest(tmp_path / 'none')
    with pytest.raises(ValueError, match=r'cannot be read \(Is a directory'):
        file_digest(tmp_path)
