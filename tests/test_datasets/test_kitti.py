"""Split files and layouts of the benchmarks, as their authors wrote them."""

import numpy as np
import pytest
from mmengine.logging import MMLogger
from PIL import Image

from xnet_mm.datasets import (
    DDADDataset,
    KITTIEigenDataset,
    KITTIOfficialDataset,
    NYUDepthV2Dataset,
    SUNRGBDDataset,
)


def save_image(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new('RGB', (6, 4)).save(path)


def save_depth(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == '.npz':
        np.savez(path, depth=np.full((4, 6), value, np.float32))
    else:
        Image.fromarray(np.full((4, 6), value, np.uint16)).save(path)


def write_list(path, lines):
    path.write_text(''.join(f'{line}\n' for line in lines))


def paths(dataset, root):
    """(image, depth) of each sample, seen from the root."""
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    cut = len(str(root)) + 1
    return [
        (
            i['img_path'][cut:],
            i['depth_map_path'] and i['depth_map_path'][cut:],
        )
        for i in infos
    ]


@pytest.mark.parametrize('folder', ['sync', 'official_splits/test'])
def test_nyu_in_the_layout_of_bts(tmp_path, folder):
    names = 'kitchen_0028b/rgb_00045.jpg', 'kitchen_0028b/sync_depth_00045.png'
    save_image(tmp_path / folder / names[0])
    save_depth(tmp_path / folder / names[1], 2000)
    write_list(tmp_path / 'l.txt', ['/{} /{} 518.8579'.format(*names)])
    dataset = NYUDepthV2Dataset(
        data_root=str(tmp_path),
        ann_file='l.txt',
        data_prefix=dict(img_path=folder, depth_path=folder),
    )
    wanted = [(f'{folder}/{names[0]}', f'{folder}/{names[1]}')]
    assert paths(dataset, tmp_path) == wanted
    info = dataset.get_data_info(0)
    assert (info['depth_scale'], info['depth_encoding']) == (1000, 'plain')
    assert info['intrinsics'] == (518.8579, 519.4696, 325.5824, 253.7362)


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


CAMERAS = ('01', '05', '06', '07', '08', '09')


@pytest.mark.parametrize('elsewhere', ['', '/mnt/a/b/ddad_train_val/', '/'])
def test_ddad_cameras_and_roots(tmp_path, elsewhere):
    lines = []
    for camera in CAMERAS:
        image = f'000150/rgb/CAMERA_{camera}/15616458249936530.png'
        depth = f'000150/depth/CAMERA_{camera}/15616458249936530.npz'
        save_image(tmp_path / image)
        save_depth(tmp_path / depth, 123.5)
        lines.append(f'{elsewhere}{image} {elsewhere}{depth}')
    write_list(tmp_path / 'l.txt', lines)
    root = dict(data_root=str(tmp_path), ann_file='l.txt')
    dataset = DDADDataset(**root)
    assert paths(dataset, tmp_path) == [
        (
            f'000150/rgb/CAMERA_{camera}/15616458249936530.png',
            f'000150/depth/CAMERA_{camera}/15616458249936530.npz',
        )
        for camera in ('01', '05', '06', '09')
    ]
    assert dataset.metainfo == {'max_depth': 200.0}
    assert dataset.get_data_info(0)['depth_scale'] == 1
    assert len(DDADDataset(**root, cameras=CAMERAS)) == 6
    with pytest.raises(ValueError, match=r'l\.txt: .* is for DDADDataset'):
        DDADDataset(**root, cameras=['02'])


def test_sunrgbd(tmp_path):
    lines = []
    for folder in ('kv2/kinect2data', 'kv1/NYUdata', 'xtion/NYUdata2'):
        image = f'SUNRGBD/{folder}/NYU0001/image/NYU0001.jpg'
        depth = f'SUNRGBD/{folder}/NYU0001/depth/NYU0001.png'
        save_image(tmp_path / image)
        save_depth(tmp_path / depth, 9870 % 2**13 * 8 + 9870 // 2**13)
        lines.append(f'{image} {depth}')
    write_list(tmp_path / 'l.txt', lines)
    root = dict(data_root=str(tmp_path), ann_file='l.txt', test_mode=True)
    dataset = SUNRGBDDataset(**root)
    assert paths(dataset, tmp_path) == [tuple(li.split()) for li in lines]
    assert dataset.get_data_info(0)['depth_encoding'] == 'rotate3'
