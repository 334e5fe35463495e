"""Real samples of each benchmark, through its data set class, to metres.

The expected values were read off the files with Pillow alone.
"""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmseg.registry import DATASETS
from PIL import Image

ROOT = Path(__file__).parents[2]
REAL = Path(os.environ.get('XNET_MM_TEST_DATA', ROOT.parent / 'shared/data'))
FORMATS = REAL / 'formats'
pytestmark = pytest.mark.skipif(
    not FORMATS.is_dir(),
    reason=f'no real samples at {FORMATS} (set XNET_MM_TEST_DATA)',
)
PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='xnet_mm.LoadDepth'),
    dict(type='xnet_mm.PackDepthInputs'),
]


def link(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(source)
    return target


def units(path):
    """The file's 16-bit values, by Pillow."""
    with Image.open(path) as image:
        assert image.mode == 'I;16'
        return np.array(image).astype(np.int64)


def build(root, kind, lines=None, **kwargs):
    if lines:
        (root / 'split.txt').write_text('\n'.join(lines))
        kwargs['ann_file'] = 'split.txt'
    return DATASETS.build(
        dict(
            type=f'xnet_mm.{kind}',
            data_root=str(root),
            pipeline=PIPELINE,
            **kwargs,
        )
    )


def check_sample(sample, image_path, metres):
    """The whole image and the whole depth map."""
    image = cv2.imread(str(image_path))
    assert np.array_equal(sample['inputs'].numpy(), image.transpose(2, 0, 1))
    depth = sample['data_samples'].gt_depth_map.data.numpy()
    assert depth.dtype == np.float32
    np.testing.assert_array_equal(depth, metres[None].astype(np.float32))
    return depth[0]


NYU = {  # farthest, nearest, valid pixels, mean of these
    '00000': (6.625, 1.390, 225121, 805536.601 / 225121),
    '00050': (8.266, 0.887, 230598, 796840.645 / 230598),
    '00100': (6.446, 0.713, 205970, 574303.696 / 205970),
}


@pytest.mark.parametrize('layout', ['', 'sync'])  # BinsFormer's, BTS's
def test_nyu_millimetres(tmp_path, layout):
    source, scene = FORMATS / 'nyu_sync_mm', tmp_path / layout / 'office_0001'
    lines = []
    for n in NYU:
        link(source / f'rgb/rgb_{n}.jpg', scene / f'rgb_{n}.jpg')
        depth = f'sync_depth_{n}.png'
        link(source / 'depth' / depth, scene / depth)
        room = f'/{scene.name}'  # training lines start with a slash
        lines.append(f'{room}/rgb_{n}.jpg {room}/{depth} 518.8579')
    dataset = build(
        tmp_path,
        'NYUDepthV2Dataset',
        lines,
        data_prefix=dict(img_path=layout, depth_path=layout),
    )
    assert len(dataset) == 3
    assert dataset.metainfo == {'max_depth': 10.0}
    for sample, (n, wanted) in zip(dataset, NYU.items(), strict=True):
        metres = units(source / f'depth/sync_depth_{n}.png') / 1000
        image = source / f'rgb/rgb_{n}.jpg'
        depth = check_sample(sample, image, metres)
        valid = depth[depth > 0]
        far, near, count, mean = wanted
        assert (valid.max(), valid.min()) == (
            np.float32(far),
            np.float32(near),
        )
        assert valid.size == count
        assert valid.mean(dtype=float) == pytest.approx(mean, rel=1e-6)
        assert sample['data_samples'].intrinsics == (
            *(518.8579, 519.4696),
            *(325.5824, 253.7362),
        )


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


def test_sunrgbd_rotated_bits(tmp_path):
    source = FORMATS / 'sunrgbd_rot3'
    names = 'SUNRGBD/kv1/b3dodata/img_0063'
    image = link(
        source / 'SUN_color.jpg', tmp_path / names / 'image/img_0063.jpg'
    )
    link(source / 'SUN_depth.png', tmp_path / names / 'depth/img_0063.png')
    line = f'{names}/image/img_0063.jpg {names}/depth/img_0063.png'
    dataset = build(tmp_path, 'SUNRGBDDataset', [line], test_mode=True)
    raw = units(source / 'SUN_depth.png')
    rotated = raw // 8 + raw % 8 * 2**13
    depth = check_sample(dataset[0], image, rotated / 1000)
    assert depth.max() == np.float32(9.87)
    assert depth[103, 305] == np.float32(9.87)
    assert depth[400, 300] == np.float32(3.149)
    assert depth[depth > 0].min() == np.float32(1.057)
    # What a plain shift by three bits makes of the file.
    assert (raw >> 3).max() / 1000 == 8.019
    assert np.count_nonzero(rotated != raw >> 3) == 7149
