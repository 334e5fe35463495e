import pytest
from fit_folders import write

from xnet_mm.fit.folder.files import describe_file
from xnet_mm.fit.folder.lists import Names, find_lists, read_rows
from xnet_mm.fit.folder.terms import FolderError


def files(*names):
    return [describe_file(name) for name in names]


def test_find_lists():
    found = find_lists(
        files(
            *('train.txt', 'notes/train.txt', 'valid_list.txt', 'x/test.lst'),
            *('trainval.txt', 'classes.txt', 'train.csv'),
        )
    )
    assert {split: file.path for split, file in found.items()} == {
        'train': 'train.txt',
        'val': 'valid_list.txt',
        'test': 'x/test.lst',
    }


def test_those_for_segmentation_go_first():
    names = ('ImageSets/Main/train.txt', 'ImageSets/Segmentation/train.txt')
    assert find_lists(files(*names))['train'].path == names[1]


@pytest.mark.parametrize(
    ('name', 'found'),
    [
        ('images/train/a.jpg', 'images/train/a.jpg'),
        ('./images/train/a.jpg', 'images/train/a.jpg'),
        ('/data/mine/images/val/a.jpg', 'images/val/a.jpg'),
        ('train/a', 'images/train/a.jpg'),
        ('b', 'images/val/b.jpg'),
        ('a', None),  # two of them
        ('c', None),
        ('lists/../b', 'images/val/b.jpg'),
    ],
)
def test_names(name, found):
    names = Names(
        files(
            *('images/train/a.jpg', 'images/val/a.jpg', 'images/val/b.jpg'),
            'masks/val/b.png',
        )
    )
    file = names.find(name, 'lists', ('image', ''))
    assert (file and file.path) == found


def test_rows(tmp_path):
    text = 'a b.jpg\nrgb/1.png depth/1.png 518.8\nrgb/2.png None\n\nname\n'
    write(tmp_path / 'train.txt', text)
    rows = read_rows(tmp_path, describe_file('train.txt'))
    assert rows == [
        *(('a', 'b.jpg'), ('rgb/1.png', 'depth/1.png')),
        *(('rgb/2.png', 'None'), ('name',)),
    ]


def test_no_text(tmp_path):
    (tmp_path / 'train.txt').write_bytes(b'\xff\xfe\x00')
    with pytest.raises(FolderError, match='UTF-8'):
        read_rows(tmp_path, describe_file('train.txt'))
