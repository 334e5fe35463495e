"""Files of class names in the formats that people have."""

import json

import pytest
from fit_folders import write

from xnet_mm.fit.folder.files import list_files
from xnet_mm.fit.folder.legend import Entry, find_legends
from xnet_mm.fit.folder.terms import FolderError

A, B = Entry('sky', 0, (70, 130, 180)), Entry('a car', 1, (0, 0, 142))
RGB = (A, B)
NUMBERED = (Entry('class 1', 0), Entry('class 2', 1))
PLAIN = (Entry('sky', 0), Entry('a car', 1))


def read(root):
    return find_legends(root, list_files(root))


@pytest.mark.parametrize(
    ('name', 'text', 'entries'),
    [
        ('classes.txt', 'sky\na car\n', PLAIN),
        ('labels.txt', '0 sky\n1 a car', PLAIN),
        ('labels.txt', '0: sky\n1: a car', PLAIN),
        ('names.txt', 'sky,0\na car,1', PLAIN),
        ('obj.names', 'sky\r\na car\r\n', PLAIN),
        ('codes.txt', 'sky\na car', PLAIN),
        ('classes.txt', 'class 1\nclass 2', NUMBERED),
        ('_classes.csv', 'Pixel Value, Class\n0, sky\n1, a car', PLAIN),
        ('classes.csv', 'name\nsky\na car', PLAIN),
        ('class_dict.csv', 'name,r,g,b\nsky,70,130,180\na car,0,0,142', RGB),
        ('label_colors.txt', '70 130 180\tsky\n0 0 142\t\ta car', RGB),
        ('colors.txt', 'sky 70 130 180\na car 0 0 142', RGB),
        ('classes.csv', '0,sky,70,130,180\n1,a car,0,0,142', RGB),
        (
            'labelmap.txt',
            '# label:color_rgb:parts:actions\nsky:70,130,180::\n'
            'a car:0,0,142::',
            RGB,
        ),
        ('palette.json', {'sky': [70, 130, 180], 'a car': [0, 0, 142]}, RGB),
        ('classes.json', ['sky', 'a car'], PLAIN),
        ('id2label.json', {'0': 'sky', '1': 'a car'}, PLAIN),
        ('label2id.json', {'a car': 1, 'sky': 0}, PLAIN),
        (
            'meta.json',
            dict(classes=['sky', 'a car'], palette=[A.colour, B.colour]),
            RGB,
        ),
        (
            'classes.json',
            [
                dict(name='sky', id=0, color='#4682b4'),
                dict(name='a car', id=1, color=[0, 0, 142]),
            ],
            RGB,
        ),
        ('notes.json', dict(categories=['sky', 'a car']), PLAIN),
        ('data.yaml', 'path: x\nnames: [sky, a car]', PLAIN),
        ('data.yaml', 'names:\n  0: sky\n  1: a car\nnc: 2', PLAIN),
    ],
)  # fmt: skip
def test_formats(tmp_path, name, text, entries):
    write(tmp_path / name, text)
    (legend,) = read(tmp_path)
    assert legend.file == name and legend.entries == entries
    assert legend.has_colours == all(e.colour for e in entries)


def test_the_outermost_with_colours_first(tmp_path):
    write(tmp_path / 'a/classes.txt', 'x\ny')
    write(tmp_path / 'classes.txt', 'x\ny')
    write(tmp_path / 'colors.txt', 'x 1 2 3\ny 4 5 6')
    assert [legend.file for legend in read(tmp_path)] == [
        *('colors.txt', 'classes.txt', 'a/classes.txt')
    ]


@pytest.mark.parametrize(
    ('name', 'text'),
    [
        ('data.json', json.dumps(dict(camera=[1, 2]))),
        ('data.json', '{'),
        ('data.yaml', 'train: x\nval: y'),
        ('data.yaml', 'names: !!python/object/apply:os.system ["x"]'),
        ('README.txt', 'sky\na car'),
        ('info.json', json.dumps([1, 2])),
    ],
)
def test_other_files_are_passed_over(tmp_path, name, text):
    write(tmp_path / name, text)
    assert read(tmp_path) == []


def test_errors(tmp_path):
    (tmp_path / 'classes.txt').write_bytes(b'\xff\xfea')
    with pytest.raises(FolderError, match=r'classes\.txt: cannot be read'):
        read(tmp_path)
    write(tmp_path / 'classes.txt', 'a 1 2 3\nb 1 2 3')
    with pytest.raises(FolderError, match=r'the colour \(1, 2, 3\) comes twi'):
        read(tmp_path)


@pytest.mark.parametrize('name', ['Void', 'unlabelled', '_ignore_', 'ignored'])
def test_void(name):
    assert Entry(name, 0).is_void
    assert not Entry('avoid', 0).is_void
