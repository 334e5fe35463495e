"""NYU-Depth-V2 from BTS's archive and from the labelled data set."""

import sys
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.io import savemat
from tool_runs import run_tool

from xnet_mm.datasets import NYUDepthV2Dataset
from xnet_mm.datasets.depth_io import read_depth

TOOL = 'dataset_converters/nyu.py'
SCENES = ('basement_0001a', 'cafe_0001b')


def convert(monkeypatch, *argv):
    run_tool(monkeypatch, TOOL, *argv)


def make_sync(root, count=2):
    """Scenes of `count` pairs each, 24x18; one image without depth."""
    for n, scene in enumerate(SCENES):
        (root / scene).mkdir(parents=True)
        for i in range(count):
            depth = np.full((18, 24), 1000 * n + i + 1, np.uint16)
            path = root / scene / f'rgb_{i:05d}.jpg'
            cv2.imwrite(str(path), np.full((18, 24, 3), 40 * i, np.uint8))
            cv2.imwrite(str(path.parent / f'sync_depth_{i:05d}.png'), depth)
    cv2.imwrite(
        str(root / SCENES[0] / 'rgb_00009.jpg'),
        np.zeros((18, 24, 3), np.uint8),
    )
    return root


def zipped(folder, path):
    with zipfile.ZipFile(path, 'w') as archive:
        for file in sorted(folder.rglob('*.*')):
            archive.write(file, Path('sync', file.relative_to(folder)))
    return path


@pytest.mark.parametrize('kind', ['folder', 'copy', 'zip'])
def test_every_pair_of_the_archive(tmp_path, monkeypatch, capsys, kind):
    sync = make_sync(tmp_path / 'sync')
    if kind == 'zip':
        sync = zipped(sync, tmp_path / 'sync.zip')
    target = tmp_path / 'nyu'
    argv = (target, '--sync', sync, *(['--copy'] if kind == 'copy' else []))
    convert(monkeypatch, *argv)
    out = capsys.readouterr().out
    assert '4 pairs written, 0 were there' in out
    assert 'nyu_train.txt: 4 pairs' in out
    assert (target / 'nyu_train.txt').read_text().splitlines() == [
        f'{scene}/rgb_{i:05d}.jpg {scene}/sync_depth_{i:05d}.png 518.8579'
        for scene in SCENES
        for i in range(2)
    ]
    links = [p.is_symlink() for p in target.rglob('*_*.*g')]
    assert links == [kind == 'folder'] * 8
    dataset = NYUDepthV2Dataset(
        data_root=str(target), ann_file='nyu_train.txt', pipeline=[]
    )
    depths = [
        read_depth(dataset[i]['depth_map_path'], 1000)[0, 0] for i in range(4)
    ]
    np.testing.assert_allclose(depths, [0.001, 0.002, 1.001, 1.002])

    before = {p: p.lstat().st_mtime_ns for p in target.rglob('*_*.*g')}
    convert(monkeypatch, *argv)
    assert '0 pairs written, 4 were there' in capsys.readouterr().out
    assert before == {p: p.lstat().st_mtime_ns for p in before}


def test_published_list(tmp_path, monkeypatch, capsys):
    sync = make_sync(tmp_path / 'sync')
    pairs = tmp_path / 'list.txt'
    pairs.write_text(
        '/cafe_0001b/rgb_00001.jpg /cafe_0001b/sync_depth_00001.png 518.8579\n'
    )
    argv = (tmp_path / 'nyu', '--sync', sync, '--train-list', pairs)
    convert(monkeypatch, *argv)
    assert 'nyu_train.txt: 1 pairs' in capsys.readouterr().out
    assert len(list((tmp_path / 'nyu').rglob('*.png'))) == 1

    with pairs.open('a') as file:
        file.write(
            '/cafe_0001b/rgb_00007.jpg /cafe_0001b/sync_depth_1.png 5\n'
        )
    with pytest.raises(SystemExit, match='1 failed, and no list') as stop:
        convert(monkeypatch, *argv)
    assert 'sync_depth_1.png: no such depth file' in str(stop.value)
    argv[2].rename(tmp_path / 'moved')
    with pytest.raises(SystemExit, match='sync: neither a folder nor'):
        convert(monkeypatch, *argv)


@pytest.mark.parametrize('kind', ['folder', 'zip'])
def test_broken_pairs(tmp_path, monkeypatch, capsys, kind):
    sync = make_sync(tmp_path / 'sync')
    for name in (
        'cafe_0001b/rgb_00000.jpg',
        'cafe_0001b/sync_depth_00001.png',
    ):
        path = sync / name
        path.write_bytes(path.read_bytes()[:60])
    if kind == 'zip':
        sync = zipped(sync, tmp_path / 'sync.zip')
    argv = (tmp_path / 'nyu', '--sync', sync)
    with pytest.raises(SystemExit, match='2 failed, and no list') as stop:
        convert(monkeypatch, *argv)
    lines = str(stop.value).splitlines()
    assert 'rgb_00000.jpg' in lines[1]
    assert 'sync_depth_00001.png' in lines[2]
    assert not (tmp_path / 'nyu/nyu_train.txt').exists()
    convert(monkeypatch, *argv, '--skip-broken')
    assert 'skipped 2:' in capsys.readouterr().out
    lines = (tmp_path / 'nyu/nyu_train.txt').read_text().splitlines()
    assert [line.split('/')[0] for line in lines] == [SCENES[0]] * 2


def test_other_folders_and_arguments(tmp_path, monkeypatch, capsys):
    with pytest.raises(SystemExit, match=r'wanted sync\.zip or its folder'):
        convert(monkeypatch, tmp_path / 'nyu', '--sync', tmp_path)
    for argv, message in (
        ([], 'name --sync, --labelled or both'),
        (['--labelled', 'a.mat'], '--labelled and --splits need each other'),
        (
            ['--labelled', 'a', '--splits', 'b', '--train-list', 'c'],
            '--train-list needs --sync',
        ),
    ):
        with pytest.raises(SystemExit):
            convert(monkeypatch, tmp_path / 'nyu', *argv)
        assert message in capsys.readouterr().err


# The labelled data set


def make_labelled(folder):
    """Three images; numbers 1 and 3, in MATLAB's count, are test images."""
    h5py = pytest.importorskip(
        'h5py', reason='h5py, which reads the labelled .mat, is not installed'
    )
    random = np.random.default_rng(0)
    # Smooth, as JPEG keeps it: red grows to the right, green downwards.
    images = np.empty((3, 3, 640, 480), np.uint8)
    images[:, 0] = np.linspace(50, 250, 640)[:, None]
    images[:, 1] = np.linspace(50, 250, 480)
    images[:, 2] = np.array([60, 120, 180])[:, None, None]
    depths = random.uniform(0, 9.9, (3, 640, 480)).astype(np.float32)
    depths[:, :9] = 0
    names = ('bathroom', 'cafe', 'home_office')
    with h5py.File(folder / 'labelled.mat', 'w') as file:
        file['images'], file['rawDepths'] = images, depths
        references = np.zeros((1, 3), h5py.ref_dtype)
        for i, name in enumerate(names):
            letters = np.array([[ord(c)] for c in name], np.uint16)
            references[0, i] = file.create_dataset(
                f'#refs#/{i}', data=letters
            ).ref
        file.create_dataset('sceneTypes', data=references)
    savemat(folder / 'splits.mat', {'testNdxs': [[3], [1]]})
    return images, depths


def test_labelled_test_pairs(tmp_path, monkeypatch, capsys):
    images, depths = make_labelled(tmp_path)
    target = tmp_path / 'nyu'
    argv = (
        target,
        '--labelled',
        tmp_path / 'labelled.mat',
        '--splits',
        tmp_path / 'splits.mat',
    )
    convert(monkeypatch, *argv)
    assert 'nyu_test.txt: 2 pairs' in capsys.readouterr().out
    assert (target / 'nyu_test.txt').read_text().splitlines() == [
        'bathroom/rgb_00000.jpg bathroom/sync_depth_00000.png 518.8579',
        'home_office/rgb_00002.jpg home_office/sync_depth_00002.png 518.8579',
    ]
    for name, i in (('bathroom', 0), ('home_office', 2)):
        depth = cv2.imread(
            str(target / f'{name}/sync_depth_{i:05d}.png'),
            cv2.IMREAD_UNCHANGED,
        )
        # (columns, rows) in the file, as MATLAB counts; whole millimetres.
        np.testing.assert_array_equal(
            depth, (depths[i].T * 1000).astype(np.uint16)
        )
        rgb = cv2.imread(str(target / f'{name}/rgb_{i:05d}.jpg'))[..., ::-1]
        expected = np.zeros((480, 640, 3))
        expected[7:474, 7:632] = images[i].transpose(2, 1, 0)[7:474, 7:632]
        # JPEG blurs the border of the frame, nothing else.
        np.testing.assert_allclose(
            rgb[24:456, 24:616], expected[24:456, 24:616], atol=6
        )
        assert rgb[:3].max() < 60 and rgb[-3:].max() < 60
        assert np.abs(rgb - expected).mean() < 2.5

    before = {p: p.stat().st_mtime_ns for p in target.rglob('*_*.*g')}
    assert len(before) == 4
    convert(monkeypatch, *argv)
    assert '0 pairs written, 2 were there' in capsys.readouterr().out
    assert before == {p: p.stat().st_mtime_ns for p in before}


def test_labelled_depth_that_cannot_be(tmp_path, monkeypatch):
    make_labelled(tmp_path)
    import h5py

    with h5py.File(tmp_path / 'labelled.mat', 'a') as file:
        file['rawDepths'][2, 0, 0] = 70.0
    with pytest.raises(
        SystemExit, match=r'raw depth of image 2 is from 0\.0 to 70'
    ):
        convert(
            monkeypatch,
            tmp_path / 'nyu',
            '--labelled',
            tmp_path / 'labelled.mat',
            '--splits',
            tmp_path / 'splits.mat',
        )


def test_labelled_files_that_are_others(tmp_path, monkeypatch):
    make_labelled(tmp_path)
    good, splits = tmp_path / 'labelled.mat', tmp_path / 'splits.mat'
    text = tmp_path / 'text.mat'
    text.write_text('text')
    late = tmp_path / 'late.mat'
    savemat(late, {'testNdxs': [[1449]]})
    for labelled, split, message in (
        (text, splits, r'text\.mat: not nyu_depth_v2_labeled\.mat'),
        (good, text, r'text\.mat: not the splits\.mat'),
        (good, late, 'image 1449 is a test image, but .* has only 3'),
    ):
        with pytest.raises(SystemExit, match=message):
            convert(
                monkeypatch,
                tmp_path / 'nyu',
                '--labelled',
                labelled,
                '--splits',
                split,
            )


def test_without_h5py(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'h5py', None)
    with pytest.raises(SystemExit, match='`pip install h5py`'):
        convert(
            monkeypatch,
            tmp_path / 'nyu',
            '--labelled',
            tmp_path / 'a.mat',
            '--splits',
            tmp_path / 'b.mat',
        )
