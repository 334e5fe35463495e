"""Folders and lists: names, suffixes, what is no map."""

from pathlib import Path

import pytest
from told import tell

from xnet_mm.judge.sources import DEPTH_SUFFIXES, name_of, read_source


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b'x')
    return root


@pytest.mark.parametrize(
    ('path', 'name'),
    [
        ('a.png', 'a'),
        ('/a/b.JPG', 'a/b'),
        ('./a/./b.npy', 'a/b'),
        ('frame.0001', 'frame.0001'),
        ('frame.0001.exr', 'frame.0001'),
        ('a\\b.tif', 'a/b'),
    ],
)
def test_names(path, name):
    assert name_of(path, DEPTH_SUFFIXES) == name


def test_folder(tmp_path):
    touch(tmp_path, 'x/a.png', 'b.NPY', 'note.txt', 'log', 'x/.hidden.png')
    source = read_source(tmp_path, DEPTH_SUFFIXES)
    assert source.files == {
        'b': tmp_path / 'b.NPY',
        'x/a': tmp_path / 'x/a.png',
    }
    assert source.ignored == {'.txt': 1, 'no suffix': 1}
    assert not source.is_list


def test_list_of_one_column(tmp_path):
    touch(tmp_path, 'd/x/a.png', 'd/b.npy')
    absolute = touch(tmp_path / 'far', 'c.npy') / 'c.npy'
    path = tmp_path / 'd/list.txt'
    path.write_text(f'x/a.png\n\n/b.npy\n{absolute}\n')
    source = read_source(path, DEPTH_SUFFIXES)
    assert source.is_list and not source.rows
    assert source.files == {
        'x/a': tmp_path / 'd/x/a.png',
        'b': tmp_path / 'd/b.npy',
        name_of(str(absolute), DEPTH_SUFFIXES): absolute,
    }
    path.write_text('a.png')
    source = read_source(path, DEPTH_SUFFIXES, tmp_path / 'd/x')
    assert source.files == {'a': tmp_path / 'd/x/a.png'}


def test_split_file_as_truth(tmp_path):
    path = tmp_path / 'test.txt'
    path.write_text('s/rgb_1.jpg s/depth_1.png 518.8\ns/rgb_2.jpg None 518.8')
    source = read_source(path, DEPTH_SUFFIXES)
    assert source.files == {
        's/rgb_1': tmp_path / 's/depth_1.png',
        's/rgb_2': None,
    }
    assert source.rows['s/rgb_1'] == ('s/rgb_1.jpg', 's/depth_1.png')
    first = read_source(path, DEPTH_SUFFIXES, column=0)
    assert first.files['s/rgb_1'] == tmp_path / 's/rgb_1.jpg'


def test_names_below_the_common_folder(tmp_path):
    path = tmp_path / 'list.txt'
    path.write_text('r/s/x/a.png\nr/s/b.png\n')
    source = read_source(path, DEPTH_SUFFIXES)
    assert source.without_common_folder() == {
        'x/a': 'r/s/x/a',
        'b': 'r/s/b',
    }


def test_errors(tmp_path):
    def said(name, text=None, root=None):
        if text is not None:
            touch(tmp_path, name)
            (tmp_path / name).write_text(text)
        return tell(read_source, tmp_path / name, DEPTH_SUFFIXES, root)

    assert said('none') == (
        f'{tmp_path}/none: no such folder or list (seen from {Path.cwd()})'
    )
    touch(tmp_path, 'e/a.jpg', 'e/b.jpg', 'two/a.png', 'two/a.npy')
    assert said('e') == (
        f'{tmp_path}/e: no file ends with .png .tif .tiff .npy .npz .exr; '
        'found files ending with: .jpg'
    )
    (tmp_path / 'empty').mkdir()
    assert said('empty').endswith('found files ending with: none at all')
    assert said('two') == (
        f'{tmp_path}/two: {tmp_path}/two/a.npy and {tmp_path}/two/a.png are '
        'both called a; which one is meant? Give each map once'
    )
    assert 'root (else) is for the paths of a list' in said(
        'two', root=Path('else')
    )
    assert 'a single map; wanted a folder, or a text' in said('two/a.png')
    assert said('l.txt', '\n').endswith('l.txt: the list is empty')
    assert 'some lines have one path and others two' in said('l.txt', 'a\nb c')
    assert '4 columns, wanted' in said('l.txt', 'a b c d')
    assert 'both called a; which' in said('l.txt', 'a.png\na.npy')
    assert 'not a text file' in said('l.txt', 'a\0b')
