"""What is said of folders, on data sets that are three attributes."""

import os
from types import SimpleNamespace

import pytest

from xnet_mm.datasets.folders import (
    check_folders,
    describe_no_images,
    describe_spare,
    spare_files,
    split_name,
)


def make_dataset(images, ann_file=''):
    return SimpleNamespace(
        ann_file=ann_file,
        data_prefix=dict(img_path=images),
        img_suffix='.jpg',
    )


@pytest.fixture
def root(tmp_path):
    for name in ('a.jpg', 'deep/b.jpg', 'c.png', 'deep/d.png', 'e'):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return str(tmp_path)


def test_a_split_is_named_by_its_list_or_its_images():
    assert split_name(make_dataset('images', 'train.txt')) == 'train.txt'
    assert split_name(make_dataset('images')) == 'images'
    nothing = SimpleNamespace(ann_file='', data_prefix={})
    assert split_name(nothing) == ''


def test_the_first_folder_that_is_not_there(root):
    check_folders([root, f'{root}/deep'], 'Make it.')
    with pytest.raises(ValueError) as error:
        check_folders([root, f'{root}/x', f'{root}/y'], 'Make it.')
    assert str(error.value) == (
        f"no folder '{root}/x' (seen from {os.getcwd()}). Make it."
    )


def test_what_there_is_instead_of_images(root):
    dataset = make_dataset(root)
    dataset.img_suffix = '.bmp'
    assert describe_no_images(dataset) == (
        f"{root}: no image ends with img_suffix='.bmp'; found files ending "
        'with: , .jpg, .png'
    )
    os.mkdir(f'{root}/empty')
    text = describe_no_images(make_dataset(f'{root}/empty'))
    assert text.endswith('found files ending with: none at all')


def test_files_that_nothing_asks_for(root):
    found = spare_files(root, '.png', [])
    assert found == [f'{root}/c.png', f'{root}/deep/d.png']
    wanted = (f'{root}/{name}' for name in ('c.png', 'a.jpg', 'gone.png'))
    assert spare_files(root, '.png', wanted) == [f'{root}/deep/d.png']
    assert describe_spare(make_dataset('images'), found[1:], 'map') == [
        f"{root}/deep/d.png: a map without an image in images (img_suffix='"
        ".jpg')"
    ]
