"""FolderSegDataset: which files are paired, and what is said of others."""

import re
import warnings

import numpy as np
import pytest
from mmengine.registry import init_default_scope
from seg_pairs import CLASSES, build, label, make_pairs, save


@pytest.fixture
def root(tmp_path):
    return make_pairs(tmp_path)


def test_a_right_folder_loads(root):
    init_default_scope('mmseg')
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        dataset = build(root)
    paths = [dataset.get_data_info(i)['seg_map_path'] for i in range(2)]
    assert paths == [str(root / 'labels/a.png'), str(root / 'labels/b.png')]
    assert dataset.metainfo['classes'] == CLASSES
    assert np.shape(dataset.metainfo['palette']) == (3, 3)


def test_split_file_chooses(root):
    (root / 'train.txt').write_text('b\n')
    dataset = build(root, ann_file='train.txt')
    assert [d['img_path'] for d in dataset] == [str(root / 'images/b.jpg')]


def test_image_without_label(root):
    (root / 'labels/a.png').unlink()
    with pytest.raises(ValueError, match=r'labels/a\.png: no such label map'):
        build(root)
    assert len(build(root, test_mode=True)) == 2


def test_label_without_image(root):
    (root / 'images/b.jpg').unlink()
    with pytest.raises(ValueError, match=r'b\.png: a label map without an im'):
        build(root)


@pytest.mark.parametrize('line', ['c', 'a.jpg', 'images/a'])
def test_split_file_names_what_is_not_there(root, line):
    (root / 'train.txt').write_text(f'a\n{line}\n')
    path = re.escape(f'images/{line}.jpg: no such image; ')
    with pytest.raises(ValueError, match=path + r'.*train\.txt holds one'):
        build(root, ann_file='train.txt')


def test_empty_split(root):
    (root / 'train.txt').touch()
    with pytest.raises(ValueError, match=r'train\.txt: the split file is emp'):
        build(root, ann_file='train.txt')
    with pytest.raises(
        ValueError,
        match=r"no image ends with img_suffix='\.bmp'; found .*: \.jpg",
    ):
        build(root, img_suffix='.bmp')


def test_missing_folder_and_split_file(root):
    with pytest.raises(ValueError, match=r"no folder '.*/images/train'"):
        build(root, data_prefix=dict(img_path='images/train'))
    with pytest.raises(ValueError, match="no folder ''"):
        build(root, data_prefix=dict(img_path='images'))
    with pytest.raises(ValueError, match=r"no split file '.*/val\.txt'"):
        build(root, ann_file='val.txt')


@pytest.mark.parametrize('classes', [None, (), 'road'])
def test_class_names_are_wanted(root, classes):
    with pytest.raises(ValueError, match=r'wanted class names .* got classes'):
        build(root, metainfo=dict(classes=classes) if classes else {})


def test_check_can_be_skipped(root):
    save(root / 'labels/a.png', label(99))
    assert len(build(root, check=False)) == 2


def test_ranks_share_the_work(root, monkeypatch):
    save(root / 'labels/b.png', label(99))
    info = 'xnet_mm.datasets.folder_dataset.get_dist_info'
    monkeypatch.setattr(info, lambda: (0, 2))
    build(root)
    monkeypatch.setattr(info, lambda: (1, 2))
    with pytest.raises(ValueError, match=r'b\.png'):
        build(root)
