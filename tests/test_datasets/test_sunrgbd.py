"""SUN RGB-D: its split file, a real sample to metres.

The expected values of the real file were read off with Pillow alone.
"""

import numpy as np
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
from real_data import needs_real

from xnet_mm.datasets import SUNRGBDDataset


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


@needs_real('formats')
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
