"""Files of LiDAR depth, and the convention that they name."""

import numpy as np
import pytest

from xnet_mm.datasets.conversion.lidar_depth_file import (
    check_convention,
    write_lidar_depth,
)
from xnet_mm.datasets.depth_io import read_depth

DEPTH = np.array([[0, 2.5, 0], [199.75, 0, 0]], np.float32)


@pytest.mark.parametrize('convention', ['nearest', 'dgp'])
def test_written_and_read(tmp_path, convention):
    path = tmp_path / 'a/b.npz'
    write_lidar_depth(path, DEPTH, convention)
    np.testing.assert_array_equal(read_depth(path, scale=1), DEPTH)
    # As packnet-sfm and GEDepth read it: no pickle, a name of its own.
    with np.load(path) as arrays:
        assert sorted(arrays.files) == ['convention', 'depth']
        np.testing.assert_array_equal(arrays['depth'], DEPTH)
        assert str(arrays['convention']) == convention
    check_convention(path, convention)


def test_the_other_convention_is_refused(tmp_path):
    path = tmp_path / 'a.npz'
    write_lidar_depth(path, DEPTH, 'dgp')
    with pytest.raises(
        ValueError, match='made with --convention dgp; wanted nearest'
    ):
        check_convention(path, 'nearest')


def test_files_that_do_not_say(tmp_path):
    path = tmp_path / 'a.npz'
    np.savez(path, depth=DEPTH)
    check_convention(path, 'nearest')
    with pytest.raises(
        ValueError, match=r'counts as nearest; wanted dgp.*another folder'
    ):
        check_convention(path, 'dgp')


@pytest.mark.parametrize('content', [b'', b'PK\x03\x04 and no more', b'text'])
def test_files_that_are_broken(tmp_path, content):
    path = tmp_path / 'a.npz'
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r'unreadable depth map.*Delete it'):
        check_convention(path, 'dgp')


def test_a_word_that_would_run_code(tmp_path):
    path = tmp_path / 'a.npz'
    np.savez(path, depth=DEPTH, convention=np.array({'run': 'code'}))
    with pytest.raises(ValueError, match='pickled objects'):
        check_convention(path, 'dgp')
