"""DDAD: cameras and folders of its split files."""

import pytest
from benchmark_files import paths, save_depth, save_image, write_list

from xnet_mm.datasets import DDADDataset

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
