"""KITTI's layout from the raw data, the annotation and the selection."""

import cv2
import numpy as np
import pytest
from tool_runs import run_tool

from xnet_mm.datasets import KITTIEigenDataset, KITTIOfficialDataset
from xnet_mm.datasets.depth_io import read_depth

TOOL = 'dataset_converters/kitti.py'
DRIVES = {
    '2011_09_26_drive_0001_sync': 'train',
    '2011_09_28_drive_0002_sync': 'val',
}


def write(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), pixels)


def make_release(root):
    """Two drives of three frames; the first of each has no annotation."""
    for drive, part in DRIVES.items():
        for camera in ('image_02', 'image_03'):
            for i in range(3):
                raw = root / 'raw' / drive[:10] / drive / camera / 'data'
                write(raw / f'{i:010d}.png', np.zeros((6, 9, 3), np.uint8))
                if i:
                    write(
                        root
                        / 'annotated'
                        / part
                        / drive
                        / 'proj_depth'
                        / 'groundtruth'
                        / camera
                        / f'{i:010d}.png',
                        np.full((6, 9), 256 * i, np.uint16),
                    )
    selection = root / 'depth_selection'
    name = '2011_09_26_drive_0002_sync_{}_0000000005_image_02.png'
    val = selection / 'val_selection_cropped'
    write(val / 'image' / name.format('image'), np.zeros((4, 8, 3), np.uint8))
    write(
        val / 'groundtruth_depth' / name.format('groundtruth_depth'),
        np.full((4, 8), 512, np.uint16),
    )
    for i in range(2):
        write(
            selection
            / 'test_depth_prediction_anonymous/image'
            / f'{i:010d}.png',
            np.zeros((4, 8, 3), np.uint8),
        )
    return root


def line(drive, i, labelled=True):
    depth = f'{drive}/proj_depth/groundtruth/image_02/{i:010d}.png'
    rgb = f'{drive[:10]}/{drive}/image_02/data/{i:010d}.png'
    return f'{rgb} {depth if labelled else "None"} 721.5377'


def make_lists(root):
    first, second = DRIVES
    train = [line(first, 1), line(second, 2)]
    test = [line(second, 0, False), line(second, 1)]
    (root / 'train.txt').write_text('\n'.join(train) + '\n')
    (root / 'test.txt').write_text('\n'.join(test) + '\n')
    return train, test


def convert(monkeypatch, *argv):
    run_tool(monkeypatch, TOOL, *argv)


def arguments(root):
    return (
        root / 'kitti',
        '--raw',
        root / 'raw',
        '--annotated',
        root / 'annotated',
        '--eigen-train',
        root / 'train.txt',
        '--eigen-test',
        root / 'test.txt',
    )


@pytest.mark.parametrize('options', [(), ('--copy',)])
def test_eigen_split(tmp_path, monkeypatch, capsys, options):
    train, test = make_lists(make_release(tmp_path))
    argv = (*arguments(tmp_path), *options)
    target = tmp_path / 'kitti'
    convert(monkeypatch, *argv)
    out = capsys.readouterr().out
    assert '4 pairs written, 0 were there' in out
    assert 'kitti_eigen_train.txt: 2 images, 2 with ground truth' in out
    assert 'kitti_eigen_test.txt: 2 images, 1 with ground truth' in out
    for name, lines in (('train', train), ('test', test)):
        path = target / f'kitti_eigen_{name}.txt'
        assert path.read_text().splitlines() == lines
    files = list(target.rglob('0*.png'))
    assert len(files) == 7
    assert [f.is_symlink() for f in files] == [not options] * 7
    dataset = KITTIEigenDataset(
        data_root=str(target),
        ann_file='kitti_eigen_test.txt',
        data_prefix=dict(img_path='input', depth_path='gt_depth'),
        pipeline=[],
        test_mode=True,
    )
    assert dataset[0]['depth_map_path'] is None
    depth = read_depth(dataset[1]['depth_map_path'], 256)
    np.testing.assert_array_equal(depth, np.ones((6, 9)))

    before = {p: p.lstat().st_mtime_ns for p in files}
    convert(monkeypatch, *argv)
    assert '0 pairs written, 4 were there' in capsys.readouterr().out
    assert before == {p: p.lstat().st_mtime_ns for p in before}


def test_official_lists(tmp_path, monkeypatch, capsys):
    make_release(tmp_path)
    target = tmp_path / 'kitti'
    convert(
        monkeypatch,
        target,
        '--raw',
        tmp_path / 'raw',
        '--annotated',
        tmp_path / 'annotated',
        '--official-train',
        '--selection',
        tmp_path / 'depth_selection',
    )
    assert '7 pairs written' in capsys.readouterr().out
    # The drives of `train` alone, both cameras.
    drive = next(iter(DRIVES))
    assert (target / 'kitti_official_train.txt').read_text().splitlines() == [
        f'{drive[:10]}/{drive}/{camera}/data/{i:010d}.png '
        f'{drive}/proj_depth/groundtruth/{camera}/{i:010d}.png'
        for camera in ('image_02', 'image_03')
        for i in (1, 2)
    ]
    folder = 'depth_selection/val_selection_cropped'
    name = '2011_09_26_drive_0002_sync_{}_0000000005_image_02.png'
    assert (target / 'kitti_official_val.txt').read_text() == (
        f'{folder}/image/{name.format("image")} {folder}/groundtruth_depth/'
        f'{name.format("groundtruth_depth")}\n'
    )
    folder = 'depth_selection/test_depth_prediction_anonymous'
    assert (target / 'kitti_official_test.txt').read_text().splitlines() == [
        f'{folder}/image/{i:010d}.png None' for i in range(2)
    ]
    for split, count in (('val', 1), ('test', 2)):
        dataset = KITTIOfficialDataset(
            data_root=str(target),
            ann_file=f'kitti_official_{split}.txt',
            pipeline=[],
            test_mode=True,
        )
        assert len(dataset) == count
    val = KITTIOfficialDataset(
        data_root=str(target / 'depth_selection/val_selection_cropped'),
        data_prefix=dict(img_path='image', depth_path='groundtruth_depth'),
        pipeline=[],
        test_mode=True,
    )
    depth = read_depth(val[0]['depth_map_path'], 256)
    np.testing.assert_array_equal(depth, np.full((4, 8), 2.0))


def test_an_image_of_two_lists_gets_its_depth(tmp_path, monkeypatch):
    make_release(tmp_path)
    first = next(iter(DRIVES))
    (tmp_path / 'train.txt').write_text(line(first, 1))
    (tmp_path / 'test.txt').write_text(line(first, 1, False))
    convert(monkeypatch, *arguments(tmp_path))
    assert len(list((tmp_path / 'kitti/gt_depth').rglob('*.png'))) == 1


def test_missing_and_broken_files(tmp_path, monkeypatch, capsys):
    make_lists(make_release(tmp_path))
    first, second = DRIVES
    with (tmp_path / 'train.txt').open('a') as file:
        file.write(f'{line(first, 0)}\n{line(first, 7, False)}\n')
    depth = (
        tmp_path
        / 'annotated/val'
        / second
        / 'proj_depth/groundtruth/image_02/0000000002.png'
    )
    depth.write_bytes(depth.read_bytes()[:40])
    argv = arguments(tmp_path)
    with pytest.raises(SystemExit, match='3 failed, and no list') as stop:
        convert(monkeypatch, *argv)
    text = str(stop.value)
    assert (
        f'{first}/proj_depth/groundtruth/image_02/0000000000.png: no' in text
    )
    assert f'{first}/image_02/data/0000000007.png: no such image' in text
    assert f'{depth}: unreadable depth' in text
    assert not list((tmp_path / 'kitti').glob('*.txt'))

    convert(monkeypatch, *argv, '--skip-broken')
    out = capsys.readouterr().out
    assert 'skipped 3:' in out
    assert 'kitti_eigen_train.txt: 1 images, 1 with ground truth' in out
    # A whole file later replaces what was left out.
    write(depth, np.ones((6, 9), np.uint16))
    convert(monkeypatch, *argv, '--skip-broken')
    assert 'kitti_eigen_train.txt: 2 images' in capsys.readouterr().out


def test_wrong_arguments(tmp_path, monkeypatch, capsys):
    make_lists(make_release(tmp_path))
    for argv, message in (
        ([], 'nothing to do'),
        (['--official-train'], 'need --raw and --annotated'),
    ):
        with pytest.raises(SystemExit):
            convert(monkeypatch, tmp_path / 'kitti', *argv)
        assert message in capsys.readouterr().err
    with pytest.raises(SystemExit, match='holds val_selection_cropped and'):
        convert(monkeypatch, tmp_path / 'kitti', '--selection', tmp_path)
    with pytest.raises(SystemExit, match='holds train/ and val/'):
        convert(
            monkeypatch,
            tmp_path / 'kitti',
            '--official-train',
            '--raw',
            tmp_path,
            '--annotated',
            tmp_path,
        )
    (tmp_path / 'train.txt').write_text('\none\n')
    with pytest.raises(SystemExit, match='line 2: wanted 2 columns or more'):
        convert(monkeypatch, *arguments(tmp_path))
    (tmp_path / 'train.txt').write_text('\n')
    with pytest.raises(SystemExit, match=r'train\.txt: an empty list'):
        convert(monkeypatch, *arguments(tmp_path))
    (tmp_path / 'train.txt').unlink()
    with pytest.raises(SystemExit, match=r'train\.txt: no such list'):
        convert(monkeypatch, *arguments(tmp_path))
