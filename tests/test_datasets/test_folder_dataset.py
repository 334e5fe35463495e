"""FolderSegDataset: which files are paired, and what is said of others."""

import re
import warnings

import numpy as np
import pytest
from mmengine.registry import init_default_scope
from seg_pairs import CLASSES, build, label, make_pairs, save

from xnet_mm.datasets import FolderSegDataset
from xnet_mm.datasets.label_ids import file_ids


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


@pytest.mark.parametrize('check', [True, False])
@pytest.mark.parametrize(
    ('num', 'reduce', 'most'), [(256, False, 255), (255, True, 254)]
)
def test_more_classes_than_8_bits_hold(root, check, num, reduce, most):
    with pytest.raises(ValueError, match=f'{num} classes, .* most {most} fit'):
        build(
            root,
            metainfo=dict(classes=[f'c{i}' for i in range(num)]),
            reduce_zero_label=reduce,
            check=check,
        )


PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(type='PackSegInputs'),
]


def load(root, name, **options):
    """The label map of image `name` as the model gets it."""
    init_default_scope('mmseg')
    dataset = build(root, pipeline=PIPELINE, check=False, **options)
    sample = dataset['ab'.index(name)]['data_samples']
    return sample.gt_sem_seg.data[0].numpy()


def test_the_id_to_ignore_is_255_when_loaded(root):
    ids = label(0, 100, 1, 2)
    save(root / 'labels/a.png', ids)
    wanted = np.where(ids == 100, 255, ids)
    np.testing.assert_array_equal(load(root, 'a', ignore_index=100), wanted)
    # 0: the classes keep their ids
    ids = label(0, 1, 2)
    save(root / 'labels/a.png', ids)
    wanted = np.where(ids == 0, 255, ids)
    np.testing.assert_array_equal(load(root, 'a', ignore_index=0), wanted)
    # 8 bits do not hold it
    ids = label(0, 1, 2).astype(np.uint16)
    ids[2] = 65535
    save(root / 'labels/a.png', ids)
    wanted = np.where(ids == 65535, 255, ids)
    np.testing.assert_array_equal(load(root, 'a', ignore_index=65535), wanted)


def test_the_id_to_ignore_is_one_of_the_files(root):
    """Before reduce_zero_label, which moves the classes."""
    ids = label(0, 1, 2, 3, 9)
    save(root / 'labels/a.png', ids)
    options = dict(reduce_zero_label=True, ignore_index=9)
    lut = np.array([255, 0, 1, 2, *[0] * 5, 255])
    np.testing.assert_array_equal(load(root, 'a', **options), lut[ids])
    # one of the classes
    ids = label(0, 1, 2, 3)
    save(root / 'labels/a.png', ids)
    options = dict(reduce_zero_label=True, ignore_index=2)
    lut = np.array([255, 0, 255, 2])
    np.testing.assert_array_equal(load(root, 'a', **options), lut[ids])


def test_the_id_to_ignore_beside_a_choice_of_classes(root, monkeypatch):
    monkeypatch.setattr(
        FolderSegDataset, 'METAINFO', dict(classes=tuple('vwxyz'))
    )
    ids = label(0, 1, 2, 3, 4, 99)
    save(root / 'labels/a.png', ids)
    options = dict(metainfo=dict(classes=('y', 'v')), ignore_index=99)
    lut = np.full(100, 255)
    lut[[3, 0]] = 0, 1
    np.testing.assert_array_equal(load(root, 'a', **options), lut[ids])


def test_what_is_ignored_does_not_change_the_ids_of_the_classes(root):
    save(root / 'labels/b.png', label(1, 2, 100))
    dataset = build(root, ignore_index=100)
    assert dataset.metainfo['label_map'] is None
    assert file_ids(dataset.metainfo).tolist() == [0, 1, 2]


@pytest.mark.parametrize('check', [True, False])
def test_255_is_no_id_where_another_is_ignored(root, check):
    init_default_scope('mmseg')
    with pytest.raises(ValueError, match=r'b\.png: holds id 255, but 3 cl'):
        build(root, ignore_index=100, check=check, pipeline=PIPELINE)[1]


@pytest.mark.parametrize('wrong', [None, '255', 1.5])
def test_the_id_to_ignore_is_a_number(root, wrong):
    with pytest.raises(ValueError, match=rf'ignore_index={wrong!r}, wanted'):
        build(root, ignore_index=wrong, check=False)


def test_a_class_that_is_ignored_is_named(root, monkeypatch):
    said = []
    monkeypatch.setattr(
        'xnet_mm.datasets.folder_dataset.print_log',
        lambda text, **_: said.append(text),
    )
    save(root / 'labels/b.png', label(1, 2))
    build(root, ignore_index=1)
    (text,) = said
    assert "class 'grass' has the id 1 in the files" in text
    build(root, ignore_index=3, reduce_zero_label=True)
    assert "class 'other' has the id 3 in the files" in said[1]


def test_labels_that_are_missing_in_a_test(root):
    (root / 'labels/a.png').unlink()
    init_default_scope('mmseg')
    for check in (True, False):
        dataset = build(root, test_mode=True, check=check, pipeline=PIPELINE)
        assert 'gt_sem_seg' not in dataset[0]['data_samples']
        found = dataset[1]['data_samples'].gt_sem_seg.data[0].numpy()
        np.testing.assert_array_equal(found, label(1, 2, 255))
    with pytest.raises(ValueError, match=r'a\.png: no such label map'):
        build(root)
    images = dict(img_path='images')
    for prefix in (images, dict(images, seg_map_path='no')):
        dataset = build(
            root, test_mode=True, data_prefix=prefix, pipeline=PIPELINE
        )
        for sample in dataset:
            assert 'gt_sem_seg' not in sample['data_samples']
