"""What converters do with single files and with lists."""

import re

import numpy as np
import pytest
from depth_pairs import save

from xnet_mm.datasets.conversion.jobs import (
    check_pair,
    place,
    read_list,
    read_rgb,
    write_list,
)


def test_rgb_whatever_the_file_holds(tmp_path):
    path = tmp_path / 'a.png'
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    save(path, pixels)
    np.testing.assert_array_equal(read_rgb(path), pixels)
    save(path, pixels[..., 0])
    grey = np.repeat(pixels[..., :1], 3, axis=-1)
    np.testing.assert_array_equal(read_rgb(path), grey)
    with pytest.raises(FileNotFoundError, match=r'b\.png: no such image'):
        read_rgb(tmp_path / 'b.png')
    data = path.read_bytes()
    for half in (data[: len(data) // 2], data[:9], b''):
        path.write_bytes(half)
        with pytest.raises(ValueError, match=r'a\.png: unreadable image \('):
            read_rgb(path)


def test_a_pair_is_read_to_the_end(tmp_path):
    image, depth = tmp_path / 'a.jpg', tmp_path / 'a.png'
    save(image, np.zeros((4, 6, 3), np.uint8))
    save(depth, np.ones((4, 6), np.uint16))
    check_pair(image, depth)
    check_pair(image, depth, 'rotate3')
    check_pair(image, None)
    save(depth, np.ones((4, 5), np.uint16))
    with pytest.raises(ValueError, match=r'a\.png: 5x4 pixels, but .*6x4'):
        check_pair(image, depth)
    with pytest.raises(FileNotFoundError, match=r'x\.png: no such depth'):
        check_pair(image, tmp_path / 'x.png')
    with pytest.raises(FileNotFoundError, match=r'x\.jpg: no such image'):
        check_pair(tmp_path / 'x.jpg', None)


@pytest.mark.parametrize('copy', [False, True])
def test_place(tmp_path, monkeypatch, copy):
    monkeypatch.chdir(tmp_path)
    source, target = tmp_path / 'source.txt', tmp_path / 'deep/er/target.txt'
    source.write_text('one')
    place(source.relative_to(tmp_path), target, copy)
    assert target.read_text() == 'one'
    assert target.is_symlink() != copy
    # What is there stays; what a killed run left does no harm.
    source.unlink()
    other = tmp_path / 'other.txt'
    other.write_text('two')
    (tmp_path / 'new.txt.tmp').write_text('half')
    place(other, tmp_path / 'new.txt', copy)
    place(source, tmp_path / 'new.txt', copy)
    assert (tmp_path / 'new.txt').read_text() == 'two'
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        'deep',
        'new.txt',
        'other.txt',
    ]


def test_a_list_is_read_as_it_was_written(tmp_path):
    path = tmp_path / 'lists/train.txt'
    write_list(path, [('a.jpg', 'a.png'), ('b.jpg', 'None', '721.5')])
    assert path.read_text() == 'a.jpg a.png\nb.jpg None 721.5\n'
    wanted = [['a.jpg', 'a.png'], ['b.jpg', 'None', '721.5']]
    assert read_list(path) == wanted
    path.write_text('\n/a.jpg  /a.png \n//b.jpg None 721.5\n\n')
    assert read_list(path) == wanted
    write_list(path, [])
    assert path.read_text() == ''


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('', 'list.txt: an empty list'),
        (' \n\n', 'list.txt: an empty list'),
        ('a b\n\nc\n', 'list.txt, line 3: wanted 2 columns or more'),
        ('a b c d\n', 'list.txt, line 1: 4 columns, wanted `rgb depth`'),
    ],
)
def test_other_lists(tmp_path, text, message):
    path = tmp_path / 'list.txt'
    with pytest.raises(ValueError, match=r'list\.txt: no such list'):
        read_list(path)
    path.write_text(text)
    with pytest.raises(ValueError, match=re.escape(message)):
        read_list(path)
