"""Where NYU-Depth-V2 comes from; the labelled file is in the tool's test."""

import zipfile

import cv2
import numpy as np
import pytest

from xnet_mm.datasets.conversion.nyu_sources import (
    Labelled,
    Pair,
    SyncFolder,
    SyncZip,
    find_pairs,
    open_sync,
)

PAIR = Pair('cafe/rgb_00001.jpg', 'cafe/sync_depth_00001.png')


def test_pairs_among_names():
    names = {
        *PAIR,
        'cafe/rgb_00002.jpg',  # no depth
        'bath/sync_depth_00003.png',  # no image
        'bath/rgb_00000.jpg',
        'bath/sync_depth_00000.png',
        'cafe/rgb_00004.png',
        'cafe/sync_depth_00004.png',
    }
    first = Pair('bath/rgb_00000.jpg', 'bath/sync_depth_00000.png')
    assert find_pairs(names) == [first, PAIR]
    assert find_pairs(set()) == []


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / 'sync'
    (root / 'cafe').mkdir(parents=True)
    cv2.imwrite(str(root / PAIR.rgb), np.zeros((4, 6, 3), np.uint8))
    cv2.imwrite(str(root / PAIR.depth), np.full((4, 6), 1234, np.uint16))
    return root


def zipped(folder, prefix):
    path = folder.parent / 'sync.zip'
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr(f'{prefix}cafe/', '')  # a folder
        for name in PAIR:
            archive.write(folder / name, prefix + name)
    return path


@pytest.mark.parametrize('copy', [False, True])
def test_the_folder(folder, tmp_path, copy):
    source = open_sync(folder, copy)
    assert isinstance(source, SyncFolder)
    assert source.names == {*PAIR}
    target = tmp_path / 'nyu'
    assert source.convert(PAIR, target)
    assert not source.convert(PAIR, target)
    (target / PAIR.depth).unlink()  # half a pair is made whole
    assert source.convert(PAIR, target)
    for name in PAIR:
        assert (target / name).is_symlink() != copy
        assert (target / name).read_bytes() == (folder / name).read_bytes()


@pytest.mark.parametrize('prefix', ['', 'sync/', 'a/b/'])
def test_the_archive_with_any_folders_around(folder, tmp_path, prefix):
    source = open_sync(zipped(folder, prefix), copy=False)
    assert isinstance(source, SyncZip)
    assert source.names == {*PAIR}
    target = tmp_path / 'nyu'
    assert source.convert(PAIR, target)
    assert not source.convert(PAIR, target)
    for name in PAIR:
        assert (target / name).read_bytes() == (folder / name).read_bytes()
    other = Pair('cafe/rgb_00007.jpg', PAIR.depth)
    with pytest.raises(FileNotFoundError, match='holds no cafe/rgb_00007'):
        source.convert(other, target)


def test_a_broken_picture_in_a_whole_archive(folder, tmp_path):
    (folder / PAIR.rgb).write_bytes(b'no picture')
    source = open_sync(zipped(folder, ''), copy=False)
    with pytest.raises(ValueError, match=r'zip: cafe/rgb_00001\.jpg is brok'):
        source.convert(PAIR, tmp_path / 'nyu')
    assert not (tmp_path / 'nyu').exists()


def test_what_is_no_source(folder, tmp_path):
    with pytest.raises(ValueError, match='x: neither a folder nor a whole'):
        open_sync(tmp_path / 'x', copy=False)
    path = zipped(folder, '')
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ValueError, match=r'sync\.zip: neither a folder nor'):
        open_sync(path, copy=False)
    (folder / PAIR.depth).unlink()
    with pytest.raises(ValueError, match=r'sync: no SCENE/rgb_XXXXX\.jpg wi'):
        open_sync(folder, copy=False)


def test_the_labelled_file_that_is_none(tmp_path):
    pytest.importorskip('h5py', reason='h5py is not installed')
    path = tmp_path / 'labelled.mat'
    path.write_text('text')
    with pytest.raises(ValueError, match=r'labelled\.mat: not nyu_depth_v2'):
        Labelled(path, tmp_path / 'splits.mat')
