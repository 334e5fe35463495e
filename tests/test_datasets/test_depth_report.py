"""What a split holds, worked out by hand."""

import math

import numpy as np
import pytest
from depth_pairs import FOLDERS, make_pairs, save, units

from xnet_mm.datasets import DepthDataset
from xnet_mm.datasets.depth_report import (
    MapStats,
    Report,
    read_all,
    read_sample,
)


@pytest.fixture
def root(tmp_path):
    return make_pairs(tmp_path)


def info(root, depth='depth/a.png', scale=1000.0):
    return dict(
        img_path=str(root / 'rgb/a.jpg'),
        depth_map_path=depth and str(root / depth),
        depth_scale=scale,
        depth_encoding='plain',
    )


def test_a_map_in_numbers(root):
    # 1 to 20 m, each once, and 76 pixels without depth.
    depth = np.zeros(96, np.uint16)
    depth[:20] = np.arange(1, 21) * 1000
    save(
        root / 'depth/a.png',
        np.random.default_rng(0).permutation(depth).reshape(8, 12),
    )
    size, stats = read_sample(info(root), max_depth=18)
    assert size == (12, 8)
    assert (stats.shape, stats.num_valid, stats.num_above) == ((8, 12), 20, 2)
    assert (stats.low, stats.high) == (1, 20)
    assert stats.median == 10.5
    assert stats.far == pytest.approx(19.05)  # 0.95 of the way, 1 + 19 * 0.95


def test_samples_without_depth(root):
    assert read_sample(info(root, None), 10) == ((12, 8), None)
    save(root / 'depth/a.png', units(0))
    size, stats = read_sample(info(root), 10)
    assert (size, stats.num_valid, stats.num_above) == ((12, 8), 0, 0)
    assert all(map(math.isnan, (stats.low, stats.median, stats.high)))
    (root / 'rgb/a.jpg').write_bytes(b'no image')
    with pytest.raises(ValueError, match=r'a\.jpg: unreadable image'):
        read_sample(info(root, None), 10)


def test_depths_that_are_all_too_far(root):
    with pytest.raises(
        ValueError,
        match=r'a\.png: all depths \(15 to 90 m with depth_scale=100\) are '
        'above max_depth, 10 m',
    ):
        read_sample(info(root, scale=100.0), 10)


def test_lines_for_people():
    report = Report(max_depth=10.0, num_samples=4, num_unlabelled=1)
    report.image_sizes.update([(30, 20)] * 3 + [(8, 6)])
    report.maps = [
        MapStats((20, 30), 300, 30, 1.0, 2.0, 11.0, 12.0),
        MapStats((20, 30), 600, 0, 0.5, 4.0, 5.0, 6.0),
        MapStats((6, 8), 0, 0),
    ]
    report.problems = ['x.png: wrong']
    assert report.lines() == [
        ('samples', '4, 1 of them without ground truth'),
        ('image sizes', '30x20: 3, 8x6: 1'),
        ('depth sizes', '30x20: 2, 8x6: 1'),
        ('wrong files', '1'),
        ('maps without any depth', '1'),
        # 900 of 600 + 600 + 48 pixels.
        ('valid pixels', '72.1% (a map: 0.0% to 100.0%)'),
        ('depth', '0.500 to 12.000 m, median of the medians 3.000 m'),
        ('above max_depth 10 m', '3.33%'),
    ]


def test_little_to_say():
    empty = [
        ('samples', '0, 0 of them without ground truth'),
        ('image sizes', 'none'),
        ('depth sizes', 'none'),
        ('wrong files', '0'),
    ]
    assert Report(max_depth=10.0).lines() == empty
    report = Report(max_depth=10.0)
    report.image_sizes.update((n, 1) for n in range(7))
    text = dict(report.lines())['image sizes']
    assert text == '0x1: 1, 1x1: 1, 2x1: 1, 3x1: 1, 4x1: 1, and 2 more sizes'


@pytest.mark.parametrize('workers', [None, 2])
def test_every_sample_is_read(root, workers):
    (root / 'rgb/c.jpg').unlink()  # leaves a spare depth map
    save(root / 'rgb/d.jpg', np.zeros((4, 6, 3), np.uint8))
    save(root / 'rgb/e.jpg', np.zeros((8, 12, 3), np.uint8))
    save(root / 'depth/e.png', np.zeros((8, 12), np.uint8))
    dataset = DepthDataset(
        data_root=str(root), data_prefix=FOLDERS, check=False, test_mode=True
    )
    report = read_all(dataset, 'val', workers)
    assert (report.num_samples, report.num_unlabelled) == (4, 1)
    assert report.image_sizes == {(12, 8): 2, (6, 4): 1}
    assert [m.num_valid for m in report.maps] == [64, 64]
    assert [p.split(': ')[:2] for p in report.problems] == [
        [f'{root}/depth/e.png', '8-bit depth (uint8, values 0 to 0)'],
        [f'{root}/depth/c.png', 'a depth map without an image'],
    ]


def test_no_depth_in_the_whole_split(root):
    for name in 'abc':
        save(root / f'depth/{name}.png', units(0))
    dataset = DepthDataset(
        data_root=str(root), ann_file='train.txt', check=False
    )
    assert read_all(dataset, 'train').problems == [
        'train: all-invalid split: none of its 3 depth maps has a pixel with '
        'ground truth'
    ]
