"""KITTI: split files of its users, real samples to metres.

The expected values of the real files were read off with Pillow alone.
"""

from pathlib import Path

import numpy as np
import pytest
from benchmark_files import (
    FORMATS,
    build,
    check_sample,
    link,
    paths,
    save_depth,
    save_image,
    units,
    write_list,
)
from mmengine.logging import MMLogger
from real_data import needs_real

from xnet_mm.datasets import KITTIEigenDataset, KITTIOfficialDataset
from xnet_mm.datasets.kitti import truth_of_selection

DRIVE = '2011_09_26_drive_0002_sync'


@pytest.fixture
def kitti(tmp_path):
    """Two frames, of which the second has no ground truth."""
    lines = []
    for i, depth in enumerate((True, False)):
        image = f'2011_09_26/{DRIVE}/image_02/data/{i:010d}.png'
        truth = f'{DRIVE}/proj_depth/groundtruth/image_02/{i:010d}.png'
        save_image(tmp_path / 'input' / image)
        if depth:
            save_depth(tmp_path / 'gt_depth' / truth, 2560)
        lines.append(f'{image} {truth if depth else None} 721.5377')
    write_list(tmp_path / 'l.txt', lines)
    return dict(
        data_root=str(tmp_path),
        ann_file='l.txt',
        data_prefix=dict(img_path='input', depth_path='gt_depth'),
    )


@pytest.fixture
def log(monkeypatch):
    """What is logged, line by line."""
    lines = []
    logger = MMLogger.get_instance('depth_data_test')
    monkeypatch.setattr(logger, 'handle', lambda r: lines.append(r.msg))
    return lines


def test_kitti_frames_without_ground_truth(kitti, tmp_path, log):
    test = KITTIEigenDataset(**kitti, test_mode=True)
    image = f'input/2011_09_26/{DRIVE}/image_02/data/{{:010d}}.png'
    truth = f'gt_depth/{DRIVE}/proj_depth/groundtruth/image_02/{{:010d}}.png'
    labelled = image.format(0), truth.format(0)
    assert paths(test, tmp_path) == [labelled, (image.format(1), None)]
    assert test.get_data_info(0)['depth_scale'] == 256
    train = KITTIEigenDataset(**kitti)
    assert paths(train, tmp_path) == [labelled]
    where = f'{tmp_path}/l.txt: 1 of 2 images have no ground truth'
    assert log == [
        f'{where}; they are predicted and do not count in the metrics.',
        f'{where} and are left out of training.',
    ]
    # The benchmark's own split has no such lines: a mistake in the list.
    with pytest.raises(ValueError, match=r'l\.txt: 1 of 2 images have no gr'):
        KITTIOfficialDataset(**kitti)
    write_list(tmp_path / 'l.txt', [f'{image.format(1)[6:]} None 721.5377'])
    with pytest.raises(ValueError, match=r'l\.txt: 1 of 1 images have no gr'):
        KITTIEigenDataset(**kitti)


def test_kitti_official_training_lines(kitti, tmp_path):
    line = (tmp_path / 'l.txt').read_text().splitlines()[0]
    write_list(tmp_path / 'l.txt', [line.rsplit(' ', 1)[0]])  # two columns
    dataset = KITTIOfficialDataset(**kitti)
    assert dataset.metainfo == {'max_depth': 80.0}
    assert len(dataset) == 1


def test_kitti_official_lists_of_single_images(tmp_path):
    val = 'depth_selection/val_selection_cropped'
    image = f'{val}/image/{DRIVE}_image_0000000008_image_03.png'
    truth = f'{val}/groundtruth_depth/{DRIVE}_groundtruth_depth_0000000008'
    truth = f'{truth}_image_03.png'
    save_image(tmp_path / image)
    save_depth(tmp_path / truth, 2560)
    test = 'depth_selection/test_depth_prediction_anonymous/image'
    save_image(tmp_path / test / '0000000000.png')
    root = dict(data_root=str(tmp_path), test_mode=True)
    for lines, prefix, wanted in (
        ([image], '', (image, truth)),
        ([f'{test}/0000000000.png'], '', (f'{test}/0000000000.png', None)),
        (['0000000000.png'], test, (f'{test}/0000000000.png', None)),
    ):
        write_list(tmp_path / 'l.txt', lines)
        dataset = KITTIOfficialDataset(
            **root, ann_file='l.txt', data_prefix=dict(img_path=prefix)
        )
        assert paths(dataset, tmp_path) == [wanted]


def test_names_of_the_selection():
    image = f'{DRIVE}_image_0000000008_image_03.png'
    truth = f'{DRIVE}_groundtruth_depth_0000000008_image_03.png'
    assert truth_of_selection(image) == truth
    assert truth_of_selection('0000000000.png') == '0000000000.png'


KITTI = {  # farthest, nearest, valid pixels, pixel of the farthest
    '0000000005': (21733 / 256, 1365 / 256, 90839, (186, 589)),
    '0000000050': (21307 / 256, 1332 / 256, 96131, (156, 529)),
    '0000000100': (20687 / 256, 1313 / 256, 85098, (154, 496)),
}


def check_kitti(dataset, indices):
    source = FORMATS / 'kitti_256'
    for i, n in zip(indices, KITTI, strict=True):
        metres = units(source / f'depth/{n}.png') / 256
        depth = check_sample(dataset[i], source / f'rgb/{n}.png', metres)
        far, near, count, pixel = KITTI[n]
        assert depth.shape == (375, 1242)
        assert (depth.max(), depth[depth > 0].min()) == (far, near)
        assert np.count_nonzero(depth) == count
        assert depth[pixel] == far


@needs_real('formats')
def test_kitti_eigen_256ths(tmp_path):
    source, drive = FORMATS / 'kitti_256', '2011_09_26_drive_0001_sync'
    lines = []
    for n in KITTI:
        image = f'2011_09_26/{drive}/image_02/data/{n}.png'
        depth = f'{drive}/proj_depth/groundtruth/image_02/{n}.png'
        link(source / f'rgb/{n}.png', tmp_path / 'input' / image)
        link(source / f'depth/{n}.png', tmp_path / 'gt_depth' / depth)
        lines.append(f'{image} {depth} 721.5377')
    lines.insert(1, lines[0].split()[0] + ' None 721.5377')
    prefix = dict(img_path='input', depth_path='gt_depth')
    dataset = build(
        tmp_path,
        'KITTIEigenDataset',
        lines,
        data_prefix=prefix,
        test_mode=True,
    )
    assert len(dataset) == 4
    assert dataset.metainfo == {'max_depth': 80.0}
    check_kitti(dataset, (0, 2, 3))
    sample = dataset[1]['data_samples']
    assert 'gt_depth_map' not in sample
    assert sample.depth_map_path is None
    train = build(tmp_path, 'KITTIEigenDataset', lines, data_prefix=prefix)
    assert len(train) == 3
    check_kitti(train, (0, 1, 2))


@needs_real('formats')
def test_kitti_official_validation(tmp_path):
    source, drive = FORMATS / 'kitti_256', '2011_09_26_drive_0002_sync'
    for n in KITTI:
        for folder, kind, word in (
            ('image', 'rgb', 'image'),
            ('groundtruth_depth', 'depth', 'groundtruth_depth'),
        ):
            name = f'{drive}_{word}_{n}_image_02.png'
            link(source / kind / f'{n}.png', tmp_path / folder / name)
    dataset = build(
        tmp_path,
        'KITTIOfficialDataset',
        data_prefix=dict(img_path='image', depth_path='groundtruth_depth'),
        test_mode=True,
    )
    check_kitti(dataset, (0, 1, 2))


@needs_real('formats')
def test_kitti_official_test_has_no_ground_truth(tmp_path):
    folder = tmp_path / 'image'
    for i, n in enumerate(KITTI):
        link(FORMATS / f'kitti_256/rgb/{n}.png', folder / f'{i:010d}.png')
    dataset = build(
        tmp_path,
        'KITTIOfficialDataset',
        data_prefix=dict(img_path='image'),
        test_mode=True,
    )
    assert len(dataset) == 3
    for i, sample in enumerate(dataset):
        assert sample['data_samples'].depth_map_path is None
        assert Path(sample['data_samples'].img_path).name == f'{i:010d}.png'
        assert 'gt_depth_map' not in sample['data_samples']
