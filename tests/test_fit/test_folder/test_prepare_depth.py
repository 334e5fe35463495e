import numpy as np
import pytest
from exr_files import write_exr
from fit_folders import NAMES, read_all, rooms, write_images

from xnet_mm.fit.folder.prepare import prepare
from xnet_mm.fit.folder.terms import FolderError
from xnet_mm.fit.folder.understand import understand


def write_exrs(root, change=lambda i, depth: depth):
    (root / 'depth').mkdir(parents=True)
    for i, name in enumerate(NAMES):
        depth = change(i, rooms()[i][2].astype(np.float32))
        path = root / f'depth/{name}.exr'
        path.write_bytes(write_exr({'Z': depth}))


def test_exr_with_a_far_value_that_means_none(tmp_path):
    def with_sky(i, depth):
        depth = depth.copy()
        depth[:8] = 1e6
        return depth

    write_images(tmp_path / 'a')
    write_exrs(tmp_path / 'a', with_sky)
    found = understand(tmp_path / 'a')
    assert found.invalid_values == (1e6,) and found.depth_scale == 1
    prepared = prepare(found, tmp_path / 'out')
    assert prepared.train['invalid_values'] == [1e6]
    assert prepared.depth.valid_share == pytest.approx(28 / 36)
    assert prepared.depth.high < 20
    for name, depth in read_all(prepared).items():
        truth = rooms()[NAMES.index(name)][2]
        np.testing.assert_allclose(depth[8:], truth[8:], rtol=1e-6)
        assert not depth[:8].any()


def test_maps_without_depth(tmp_path):
    write_images(tmp_path / 'a')
    write_exrs(tmp_path / 'a', lambda i, depth: depth * (i != 2))
    prepared = prepare(understand(tmp_path / 'a'), tmp_path / 'out')
    assert prepared.notes == ('1 depth maps have no depth at all',)


def test_a_size_that_the_first_look_missed(tmp_path, monkeypatch):
    monkeypatch.setattr('xnet_mm.fit.folder.understand.LOOKED_AT', 2)
    write_images(tmp_path / 'a')
    write_exrs(tmp_path / 'a', lambda i, depth: depth[: 36 - (i == 2)])
    with pytest.raises(FolderError, match=r'room_02\.exr: 48x35 pixels, but'):
        prepare(understand(tmp_path / 'a'), tmp_path / 'out')
