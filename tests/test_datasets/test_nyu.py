"""NYU-Depth-V2: split files of its users, real samples to metres.

The expected values of the real files were read off with Pillow alone.
"""

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
from real_data import needs_real

from xnet_mm.datasets import NYUDepthV2Dataset


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


NYU = {  # farthest, nearest, valid pixels, mean of these
    '00000': (6.625, 1.390, 225121, 805536.601 / 225121),
    '00050': (8.266, 0.887, 230598, 796840.645 / 230598),
    '00100': (6.446, 0.713, 205970, 574303.696 / 205970),
}


@needs_real('formats')
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
