from collections import Counter

import numpy as np
import pytest
from fit_folders import write

from xnet_mm.fit.folder.files import describe_file
from xnet_mm.fit.folder.legend import Entry, Legend
from xnet_mm.fit.folder.terms import FolderError, Pair
from xnet_mm.fit.folder.yolo import YoloTruth, find_yolo, read_objects

SQUARE = '0.25 0.25 0.75 0.25 0.75 0.75 0.25 0.75'


def test_files():
    names = ('labels/a.txt', 'classes.txt', 'a.jpg', 'train.txt')
    files = [describe_file(name) for name in names]
    assert find_yolo(files, files[2:3]) == files[:1]


def test_objects(tmp_path):
    write(tmp_path / 'a.txt', f'1 {SQUARE}\n\n0 0.5 0.5 0.5 0.25\n')
    polygon, box = read_objects(tmp_path / 'a.txt')
    assert (polygon.number, polygon.is_box) == (1, False)
    assert polygon.points.tolist()[2] == [0.75, 0.75]
    assert box.is_box and box.points.tolist() == [
        [0.25, 0.375],
        [0.75, 0.375],
        [0.75, 0.625],
        [0.25, 0.625],
    ]
    write(tmp_path / 'a.txt', '')
    assert read_objects(tmp_path / 'a.txt') == []


@pytest.mark.parametrize(
    'line', ['x 0 0 1 1 0 1', '0.5 0 0 1 1 0 1', '-1 0 0 1 1 0 1', '0 1 2 3']
)
def test_other_lines(tmp_path, line):
    write(tmp_path / 'a.txt', line)
    with pytest.raises(ValueError, match=r'line 1: .*; wanted `class x1 y1'):
        read_objects(tmp_path / 'a.txt')


def test_label_maps(tmp_path):
    box = '0 0.1 0.1 0.2 0.2\n'
    write(tmp_path / 'a.txt', f'4 {SQUARE}\n{box}')
    write(tmp_path / 'b.txt', '')
    pairs = [Pair('a.jpg', 'a.txt'), Pair('b.jpg', 'b.txt')]
    legend = Legend('data.yaml', (Entry('x', 4), Entry('y', 0)))
    truth = YoloTruth(tmp_path, pairs, legend)
    assert truth.names == ('background', 'y', 'x')
    labels = truth.read(pairs[0], (20, 40)).values
    wanted = np.zeros((20, 40), int)
    wanted[5:15, 10:30] = 2
    wanted[:4, :8] = 255
    np.testing.assert_array_equal(labels, wanted)
    assert not truth.read(pairs[1], (20, 40)).values.any()
    classes = truth.classes(Counter({0: 5, 2: 2}))
    assert classes.mapping == {0: 0, 1: 1, 2: 2, 255: 255}
    assert YoloTruth(tmp_path, pairs, None).names[5] == 'class 4'
    with pytest.raises(FolderError, match='all label maps say the same'):
        truth.classes(Counter({0: 5}))
