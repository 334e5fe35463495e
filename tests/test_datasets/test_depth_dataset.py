"""DepthDataset: which files are paired, and what is said of others."""

import os
import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from depth_pairs import FOLDERS, PIPELINE, make_pairs, save, units
from mmseg.registry import DATASETS
from PIL import Image
from real_data import REAL, needs_real

from xnet_mm.datasets import DepthDataset


@pytest.fixture
def root(tmp_path):
    return make_pairs(tmp_path)


def build(root, **kwargs):
    kwargs = {'ann_file': 'train.txt', **kwargs}
    return DepthDataset(data_root=str(root), **kwargs)


def build_folders(root, **kwargs):
    return build(root, ann_file='', data_prefix=FOLDERS, **kwargs)


def test_pairs_load_to_metres(root):
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        dataset = build(root, pipeline=PIPELINE, intrinsics=(5, 6, 7, 8))
    assert len(dataset) == 3
    assert dataset.metainfo == {'max_depth': 10.0}
    info = dataset.get_data_info(1)
    assert info == dict(
        img_path=str(root / 'rgb/b.jpg'),
        depth_map_path=str(root / 'depth/b.png'),
        depth_scale=1000.0,
        depth_encoding='plain',
        invalid_values=(),
        intrinsics=(5.0, 6.0, 7.0, 8.0),
        seg_fields=[],
        sample_idx=1,
    )
    sample = dataset[1]
    assert sample['inputs'].shape == (3, 8, 12)
    wanted = np.resize(np.float32([0, 1.5, 9.001]), (1, 8, 12))
    truth = sample['data_samples'].gt_depth_map.data.numpy()
    np.testing.assert_array_equal(truth, wanted)
    assert sample['data_samples'].intrinsics == (5.0, 6.0, 7.0, 8.0)
    assert sample['data_samples'].ori_shape == (8, 12)


def test_folders_are_paired_by_name(root):
    save(root / 'rgb/room/d.jpg', np.zeros((8, 12, 3), np.uint8))
    save(root / 'depth/room/d.png', units(1000))
    dataset = build_folders(root)
    names = ['a', 'b', 'c', 'room/d']
    for i, name in enumerate(names):
        info = dataset.get_data_info(i)
        assert info['img_path'] == str(root / f'rgb/{name}.jpg')
        assert info['depth_map_path'] == str(root / f'depth/{name}.png')
    assert len(dataset) == 4
    # One folder, too, if the ends of the names differ.
    for name in 'ab':
        save(root / f'one/{name}_rgb.png', np.zeros((8, 12, 3), np.uint8))
        save(root / f'one/{name}_depth.png', units(1000))
    one = dict(img_path='one', depth_path='one')
    dataset = build(
        root,
        ann_file='',
        data_prefix=one,
        img_suffix='_rgb.png',
        depth_suffix='_depth.png',
    )
    assert [d['depth_map_path'] for d in dataset] == [
        str(root / f'one/{name}_depth.png') for name in 'ab'
    ]


@pytest.mark.parametrize(
    'line, prefix',
    [
        ('/rgb/b.jpg /depth/b.png', {}),
        ('rgb/b.jpg depth/b.png 518.8579', {}),
        ('b.jpg b.png b_dense.png', FOLDERS),
        ('b', FOLDERS),
        ('/b.jpg', FOLDERS),
    ],
)
def test_lines_of_a_split_file(root, line, prefix):
    (root / 'split.txt').write_text(f'\n{line}\n\n')
    dataset = build(root, ann_file='split.txt', data_prefix=prefix)
    assert len(dataset) == 1
    info = dataset.get_data_info(0)
    assert info['img_path'] == str(root / 'rgb/b.jpg')
    assert info['depth_map_path'] == str(root / 'depth/b.png')
    assert 'intrinsics' not in info


def test_intrinsics_from_a_file(root):
    (root / 'K.txt').write_text('500 0 6\n0 501 4\n0 0 1\n')
    info = build(root, intrinsics='K.txt').get_data_info(0)
    assert info['intrinsics'] == (500.0, 501.0, 6.0, 4.0)
    with pytest.raises(ValueError, match=r'nix\.txt: wanted a text file'):
        build(root, intrinsics='nix.txt')
    with pytest.raises(ValueError, match=r'intrinsics is \(1, 2\), wanted'):
        build(root, intrinsics=(1, 2))


def test_no_ground_truth_is_for_tests(root):
    (root / 'val.txt').write_text('rgb/a.jpg depth/a.png\nrgb/b.jpg None\n')
    dataset = build(
        root, ann_file='val.txt', test_mode=True, pipeline=PIPELINE
    )
    assert len(dataset) == 2
    assert 'gt_depth_map' in dataset[0]['data_samples']
    assert 'gt_depth_map' not in dataset[1]['data_samples']
    assert dataset[1]['data_samples'].depth_map_path is None
    message = r'val\.txt: 1 of 2 images have no ground truth, .*/rgb/b\.jpg'
    with pytest.raises(ValueError, match=message):
        build(root, ann_file='val.txt')


def test_images_alone_can_be_tested(root):
    dataset = build(
        root, ann_file='', data_prefix=dict(img_path='rgb'), test_mode=True
    )
    assert [d['depth_map_path'] for d in dataset] == [None] * 3
    # Nor does an image of the same name count as depth.
    dataset = build(
        root,
        ann_file='',
        data_prefix=dict(img_path='rgb', depth_path='rgb'),
        depth_suffix='.jpg',
        test_mode=True,
    )
    assert [d['depth_map_path'] for d in dataset] == [None] * 3


def test_missing_files_are_named(root):
    (root / 'rgb/a.jpg').unlink()
    (root / 'depth/c.png').unlink()
    with pytest.raises(ValueError, match=r'train\.txt: 2 wrong') as error:
        build(root)
    text = str(error.value)
    assert f'{root}/rgb/a.jpg: no such image (seen from {os.getcwd()})' in text
    assert f'{root}/depth/c.png: no such depth map, for {root}/rgb/c' in text
    assert 'XNET_MM_DATA' in text
    assert 'b.png' not in text
    assert len(build(root, check=False)) == 3
    # At test a file that the split names must be there as well.
    with pytest.raises(ValueError, match=r'c\.png: no such depth map'):
        build(root, test_mode=True)


def test_ten_missing_files_are_shown(root):
    names = [f'x{i:02d}.jpg d.png' for i in range(12)]
    (root / 'many.txt').write_text('\n'.join(names))
    save(root / 'd.png', units(1000))
    with pytest.raises(ValueError, match=r'many\.txt: 12 wrong') as error:
        build(root, ann_file='many.txt')
    assert 'x09.jpg' in str(error.value)
    assert str(error.value).endswith('... and 2 more')


def test_folder_with_spare_depth(root):
    save(root / 'depth/d.png', units(1000))
    with pytest.raises(ValueError, match=r'd\.png: a depth map without an im'):
        build_folders(root)
    (root / 'depth/d.png').unlink()
    (root / 'depth/c.png').unlink()
    with pytest.raises(ValueError, match=r'depth/c\.png: no such depth map'):
        build_folders(root)
    assert build_folders(root, test_mode=True)[2]['depth_map_path'] is None


def test_empty_split(root):
    (root / 'train.txt').write_text('\n\n')
    with pytest.raises(ValueError, match=r'train\.txt: the split file is emp'):
        build(root)
    with pytest.raises(
        ValueError,
        match=r"rgb: no image ends with img_suffix='\.bmp'; found .*: \.jpg",
    ):
        build_folders(root, img_suffix='.bmp')


def test_missing_split_file_and_folder(root):
    seen = re.escape(f' (seen from {os.getcwd()}). Set data_root, ann_file')
    with pytest.raises(
        ValueError, match=rf"no split file '{root}/val\.txt'{seen}"
    ):
        build(root, ann_file='val.txt')
    with pytest.raises(ValueError, match=rf"no folder '{root}/left'{seen}"):
        build(root, ann_file='', data_prefix=dict(img_path='left'))
    with pytest.raises(ValueError, match=rf"no folder '{root}/z'{seen}"):
        prefix = dict(img_path='rgb', depth_path='z')
        build(root, ann_file='', data_prefix=prefix)


@pytest.mark.parametrize(
    'kwargs, message',
    [
        (dict(depth_scale=0), 'depth_scale is 0, wanted a finite number'),
        (dict(depth_scale='1000'), "depth_scale is '1000', wanted a fini"),
        (dict(metainfo=dict(max_depth=-1)), r"\['max_depth'\] is -1, wanted"),
        (dict(depth_encoding='rot'), "encoding='rot', wanted one of: plain,"),
    ],
)
def test_wrong_settings(root, kwargs, message):
    with pytest.raises(ValueError, match=r'train\.txt: .*' + message):
        build(root, **kwargs)


@needs_real('hololens')
def test_real_pairs():
    kwargs = dict(
        type='xnet_mm.DepthDataset',
        data_root=str(REAL / 'hololens'),
        intrinsics='K.txt',
        pipeline=PIPELINE,
    )
    train = DATASETS.build(dict(kwargs, ann_file='train.txt'))
    val = DATASETS.build(dict(kwargs, ann_file='val.txt', test_mode=True))
    assert (len(train), len(val)) == (300, 73)
    sample = val[0]['data_samples']
    path = Path(sample.depth_map_path)
    wanted = np.array(Image.open(path)).astype(np.float64) / 1000
    np.testing.assert_array_equal(
        sample.gt_depth_map.data[0].numpy(), wanted.astype(np.float32)
    )
    assert np.round(sample.intrinsics, 1).tolist() == [
        495.6,
        495.5,
        269.5,
        169.2,
    ]


def test_links_that_lead_back(root):
    for kind in ('rgb', 'depth'):
        (root / kind / 'self').symlink_to(root / kind)
    assert len(build_folders(root)) == 3


def test_a_split_file_of_windows(root):
    text = (root / 'train.txt').read_text().replace('\n', ' \r\n')
    (root / 'train.txt').write_bytes(text.encode('utf-8-sig'))
    assert len(build(root)) == 3
    (root / 'train.txt').write_bytes(text.encode('utf-16'))
    with pytest.raises(ValueError, match=r'train\.txt: a text in UTF-16; sav'):
        build(root)
