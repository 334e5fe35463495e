"""Split lists and camera matrices, as they are published."""

import re

import pytest

from xnet_mm.datasets.split_file import read_intrinsics, read_split


def test_split_file(tmp_path):
    path = tmp_path / 'train.txt'
    path.write_text('/a b 5.5\n\n c\td \r\ne\n')
    assert read_split(path) == [['/a', 'b', '5.5'], ['c', 'd'], ['e']]
    path.write_text('a b\nmy image.jpg my depth.png\n')
    with pytest.raises(ValueError, match=r'train\.txt, line 2: 4 columns'):
        read_split(path)
    path.write_bytes(b'\xff\xd8\xff\xe0')
    with pytest.raises(ValueError, match=r'train\.txt: not a text file'):
        read_split(path)


def test_lines_that_are_too_short(tmp_path):
    path = tmp_path / 'train.txt'
    path.write_text('\na b c\n  \n one \n')
    assert read_split(path) == [['a', 'b', 'c'], ['one']]
    message = (
        'train.txt, line 4: wanted 2 columns or more (`rgb depth ...`), '
        "found ' one '"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        read_split(path, min_columns=2)


def test_intrinsics_file(tmp_path):
    path = tmp_path / 'K.txt'
    path.write_text('500 0 320.5\n0 501 240\n0 0 1\n')
    assert read_intrinsics(path) == (500, 501, 320.5, 240)
    path.write_text('7.2e2 0 6e2 0 7e2 1.7e2 0 0 1\n')  # KITTI: one line
    assert read_intrinsics(path) == (720, 700, 600, 170)
    # A published matrix has fy in the first column.
    path.write_text('500 0 320\n501 0 240\n0 0 1\n')
    with pytest.raises(ValueError, match=re.escape('K.txt: wanted the came')):
        read_intrinsics(path)
    path.write_text('500 500 320 240\n')
    with pytest.raises(ValueError, match=r'K\.txt: wanted a text file of th'):
        read_intrinsics(path)
    with pytest.raises(ValueError, match=r'nix\.txt: wanted a text file'):
        read_intrinsics(tmp_path / 'nix.txt')


@pytest.mark.parametrize('end', ['\n', '\r\n', '  \r\n'])
def test_lists_and_matrices_of_windows(tmp_path, end):
    path = tmp_path / 'train.txt'
    text = end.join(['ä.jpg a.png', 'b.jpg b.png', ''])
    path.write_bytes(text.encode('utf-8-sig'))
    assert read_split(path) == [['ä.jpg', 'a.png'], ['b.jpg', 'b.png']]
    path.write_bytes(text.encode('utf-16'))
    with pytest.raises(ValueError, match=r'train\.txt: .* save it as UTF-8'):
        read_split(path)
    matrix = end.join(['500 0 320.5', '0 501 240', '0 0 1', ''])
    path.write_bytes(matrix.encode('utf-8-sig'))
    assert read_intrinsics(path) == (500, 501, 320.5, 240)
    path.write_bytes(matrix.encode('utf-16'))
    with pytest.raises(ValueError, match=r'train\.txt: .* save it as UTF-8'):
        read_intrinsics(path)
