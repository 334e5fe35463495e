import os

import pytest

from xnet_mm.fit.folder.terms import FolderError
from xnet_mm.fit.folder.writing import (
    common_parent,
    is_listable,
    link,
    median_size,
    run,
    write_names,
)


def test_run():
    def job(number):
        if number > 1:
            raise ValueError(f'{number} is wrong')
        return -number

    assert run(job, [0, 1], 'x', 2) == [0, -1]
    with pytest.raises(FolderError, match=r'^2 is wrong \(1 more files'):
        run(job, [1, 2, 3], 'x', 2)
    with pytest.raises(FolderError, match=r'^2 is wrong$'):
        run(job, [1, 2], 'x', 2)


@pytest.mark.parametrize(
    ('name', 'with_blanks', 'without'),
    [
        ('a/b.png', True, True),
        ('a b.png', True, False),
        (' a.png', False, False),
        ('a\nb.png', False, False),
        ('a\u2028b.png', False, False),
    ],
)
def test_listable(name, with_blanks, without):
    assert is_listable(name, blanks=True) == with_blanks
    assert is_listable(name, blanks=False) == without


def test_common_parent():
    assert common_parent(['a/b/1', 'a/b/c/2']) == 'a/b'
    assert common_parent(['a/b/1', 'a/bc/2']) == 'a'
    assert common_parent(['1', 'a/2']) == ''


def test_median_size():
    assert median_size([(10, 20), (30, 10), (20, 90)]) == (20, 20)


def test_names(tmp_path):
    write_names(tmp_path / 'a.txt', ['b', 'c d'])
    assert (tmp_path / 'a.txt').read_text() == 'b\nc d\n'


@pytest.mark.parametrize('links', [True, False])
def test_link(tmp_path, monkeypatch, links):
    (tmp_path / 'a').write_text('x')
    if not links:

        def refuse(*args, **kwargs):
            raise OSError('no links here')

        monkeypatch.setattr(os, 'symlink', refuse)
    link(tmp_path / 'a', tmp_path / 'b/c')
    assert (tmp_path / 'b/c').read_text() == 'x'
    assert (tmp_path / 'b/c').is_symlink() == links
