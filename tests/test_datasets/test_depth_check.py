"""What is found in the files when a data set is built, and before that."""

import re

import numpy as np
import pytest
from depth_pairs import FOLDERS, PIPELINE, make_pairs, save, units

from xnet_mm.datasets import DepthDataset
from xnet_mm.datasets.depth_check import (
    check_depth_pairs,
    check_size,
    missing_files,
    read_pair,
)


@pytest.fixture
def root(tmp_path):
    return make_pairs(tmp_path)


def build(root, **kwargs):
    kwargs = {'ann_file': 'train.txt', **kwargs}
    return DepthDataset(data_root=str(root), **kwargs)


def build_folders(root, **kwargs):
    return build(root, ann_file='', data_prefix=FOLDERS, **kwargs)


def test_8_bit_depth(root):
    save(root / 'depth/b.png', units(200).astype(np.uint8))
    message = r'1 wrong file\(s\)\n  .*/depth/b\.png: 8-bit depth \(uint8, va'
    with pytest.raises(ValueError, match=message):
        build(root)
    dataset = build(root, check=False, pipeline=PIPELINE)
    with pytest.raises(ValueError, match=r'b\.png: 8-bit depth'):
        dataset[1]


def test_size_mismatch(root):
    save(root / 'depth/b.png', units(1000)[:, :10])
    message = r'depth/b\.png: 10x8 pixels, but .*/rgb/b\.jpg has 12x8'
    with pytest.raises(ValueError, match=message):
        build(root)
    dataset = build(root, check=False, pipeline=PIPELINE)
    with pytest.raises(ValueError, match=message):
        dataset[1]


def test_unreadable_files(root):
    for name in ('rgb/a.jpg', 'depth/b.png'):
        data = (root / name).read_bytes()
        (root / name).write_bytes(data[: len(data) // 2])
    (root / 'rgb/c.jpg').write_bytes(b'no image')
    with pytest.raises(ValueError, match='3 wrong') as error:
        build(root)
    assert f'{root}/rgb/a.jpg: unreadable image' in str(error.value)
    assert f'{root}/depth/b.png: unreadable depth' in str(error.value)
    assert f'{root}/rgb/c.jpg: unreadable image' in str(error.value)
    dataset = build(root, check=False, pipeline=PIPELINE)
    with pytest.raises(ValueError, match=r'b\.png: unreadable depth'):
        dataset[1]


def test_wrong_scale(root):
    message = (
        f'{root}/train.txt: {root}/depth/a.png: depths are 15 to 90 m with '
        'depth_scale=100, max_depth is 10 m: all of them are too far. Set '
        'depth_scale to the file units per metre (depth_scale=1000 would '
        'give 1.5 to 9 m), or metainfo=dict(max_depth=...) to the farthest '
        'depth'
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        for name in 'abc':
            save(root / f'depth/{name}.png', units(0, 1500, 9000))
        build(root, depth_scale=100.0)
    build(root, depth_scale=100.0, metainfo=dict(max_depth=100.0))
    with pytest.warns(UserWarning, match=r'm: that looks like a wrong scale'):
        build(root, depth_scale=256.0)  # 5.9 and 35 m
    with pytest.warns(UserWarning, match=r'depth_scale=1000 would give'):
        build(root, depth_scale=1e6)


def test_all_invalid_split(root):
    for name in 'abc':
        save(root / f'depth/{name}.png', units(0))
    message = (
        f'all-invalid split: none of its 3 depth maps has a pixel with ground '
        f'truth ({root}/depth/a.png, {root}/depth/b.png, {root}/depth/c.png).'
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        build(root)


def test_the_only_map_with_depth_is_found(root):
    image = np.zeros((8, 12, 3), np.uint8)
    for i in range(20):
        save(root / f'few/rgb/{i:02d}.jpg', image)
        save(root / f'few/depth/{i:02d}.png', units(5000 * (i == 1)))
    assert len(build_folders(root / 'few')) == 20
    (root / 'few/depth/01.png').write_bytes(b'no depth')
    with pytest.raises(ValueError, match=r'01\.png: unreadable depth'):
        build_folders(root / 'few')


def pair_of(root, name):
    return str(root / f'rgb/{name}.jpg'), str(root / f'depth/{name}.png')


def test_missing_files_in_order(root):
    a, b = pair_of(root, 'a'), pair_of(root, 'b')
    gone = str(root / 'rgb/x.jpg'), str(root / 'depth/x.png')
    assert missing_files([a, (b[0], None)]) == []
    assert missing_files([gone, (a[0], gone[1]), (gone[0], None)]) == [
        f'{gone[0]}: no such image',
        f'{gone[1]}: no such depth map, for {gone[0]}',
        f'{gone[1]}: no such depth map, for {a[0]}',
        f'{gone[0]}: no such image',
    ]


def test_a_pair_in_metres(root):
    depth = read_pair(pair_of(root, 'b'), 500.0, 'plain')
    assert depth.dtype == np.float32
    wanted = np.resize(np.float32([0, 3, 18.002]), (8, 12))
    np.testing.assert_array_equal(depth, wanted)


def test_sizes_by_hand():
    depth = np.zeros((4, 6), np.float32)
    check_size(depth, 'd.png', (4, 6), 'i.jpg')
    message = r'd\.png: 6x4 pixels, but i\.jpg has 4x6 \(width x height\)'
    with pytest.raises(ValueError, match=message):
        check_size(depth, 'd.png', (6, 4), 'i.jpg')


def test_at_most_eight_pairs_are_decoded(root):
    """Of 15 pairs every second one, the first and the last among them."""
    pairs = []
    for i in range(15):
        save(root / f'rgb/{i}.jpg', np.zeros((8, 12, 3), np.uint8))
        save(root / f'depth/{i}.png', units(5000))
        pairs.append(pair_of(root, i))
    for i in range(1, 15, 2):
        (root / f'depth/{i}.png').write_bytes(b'no depth')
    settings = dict(scale=1000, encoding='plain', max_depth=10, where='x')
    check_depth_pairs(pairs, **settings)
    for i in (0, 6, 14):
        (root / f'depth/{i}.png').write_bytes(b'no depth')
    with pytest.raises(ValueError, match=r'x: 3 wrong file\(s\)') as error:
        check_depth_pairs(pairs, **settings)
    named = re.findall(r'depth/(\d+)\.png: unreadable', str(error.value))
    assert named == ['0', '6', '14']
