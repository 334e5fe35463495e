"""SUN RGB-D's test pairs from the toolbox's split or BinsFormer's list."""

import cv2
import numpy as np
import pytest
from scipy.io import savemat
from tool_runs import run_tool

from xnet_mm.datasets import SUNRGBDDataset
from xnet_mm.datasets.depth_io import read_depth

TOOL = 'dataset_converters/sunrgbd.py'
SCENES = (
    'SUNRGBD/kv2/kinect2data/000002-resize',
    'SUNRGBD/xtion/sun3ddata/brown/0000103-000003417873',
    'SUNRGBD/kv1/NYUdata/NYU0001',
    'SUNRGBD/kv1/b3dodata/img_0063',
)
ROWS = [f'{s}/image/a{i}.jpg {s}/depth/b{i}.png' for i, s in enumerate(SCENES)]


def make_data(root):
    """Scenes of several sizes; the depth in whole millimetres is 9000 + i."""
    for i, scene in enumerate(SCENES):
        (root / scene / 'image').mkdir(parents=True)
        size = (6 + i, 8)
        cv2.imwrite(
            str(root / scene / f'image/a{i}.jpg'),
            np.zeros((*size, 3), np.uint8),
        )
        value = 9000 + i
        turned = (value << 3 | value >> 13) & 0xFFFF
        for folder, number in (('depth', turned), ('depth_bfx', 1)):
            (root / scene / folder).mkdir()
            cv2.imwrite(
                str(root / scene / folder / f'b{i}.png'),
                np.full(size, number, np.uint16),
            )
    return root


def make_split(path):
    cells = np.empty((1, len(SCENES)), object)
    for i, scene in enumerate(SCENES):
        # Some paths of the toolbox end with a slash.
        cells[0, i] = f'/n/fs/sun3d/data/{scene}' + '/' * (i % 2)
    savemat(path, {'alltest': cells, 'alltrain': cells[:, :1]})
    return path


def convert(monkeypatch, *argv):
    run_tool(monkeypatch, TOOL, *argv)


@pytest.mark.parametrize('kind', ['mat', 'list'])
def test_list_and_counts(tmp_path, monkeypatch, capsys, kind):
    root = make_data(tmp_path / 'sunrgbd')
    if kind == 'mat':
        split = make_split(tmp_path / 'allsplit.mat')
    else:
        split = root / 'SUNRGBD_val_splits.txt'  # in its place already
        split.write_text('\n'.join(ROWS))
    for _ in range(2):
        convert(monkeypatch, root, split)
        assert (
            '4 pairs (kv1 2, kv2 1, xtion 1); 1 of NYU'
            in capsys.readouterr().out
        )
        path = root / 'SUNRGBD_val_splits.txt'
        assert path.read_text().splitlines() == ROWS
    dataset = SUNRGBDDataset(
        data_root=str(root), ann_file=path.name, pipeline=[], test_mode=True
    )
    depths = [
        read_depth(item['depth_map_path'], 1000, 'rotate3')[0, 0]
        for item in dataset
    ]
    np.testing.assert_allclose(depths, [9.0, 9.001, 9.002, 9.003])


def test_missing_and_broken_files(tmp_path, monkeypatch, capsys):
    root = make_data(tmp_path / 'sunrgbd')
    split = make_split(tmp_path / 'allsplit.mat')
    (root / SCENES[0] / 'depth/b0.png').unlink()
    image = root / SCENES[1] / 'image/a1.jpg'
    image.write_bytes(image.read_bytes()[:300])
    cv2.imwrite(
        str(root / SCENES[2] / 'depth/b2.png'), np.ones((8, 8), np.uint8)
    )
    cv2.imwrite(
        str(root / SCENES[3] / 'depth/b3.png'), np.ones((2, 8), np.uint16)
    )
    with pytest.raises(SystemExit, match='4 failed, and no list') as stop:
        convert(monkeypatch, root, split)
    lines = str(stop.value).splitlines()[1:5]
    assert f'{SCENES[0]}: wanted one depth/*.png, found 0' in lines[0]
    assert f'{image}: unreadable image' in lines[1]
    assert 'b2.png: 8-bit depth' in lines[2]
    assert 'b3.png: 8x2 pixels' in lines[3]
    assert not (root / 'SUNRGBD_val_splits.txt').exists()

    image.write_bytes(cv2.imencode('.jpg', np.zeros((7, 8, 3)))[1].tobytes())
    convert(monkeypatch, root, split, '--skip-broken')
    out = capsys.readouterr().out
    assert 'skipped 3:' in out and '1 pairs (xtion 1); 0 of NYU' in out
    assert (root / 'SUNRGBD_val_splits.txt').read_text() == ROWS[1] + '\n'


def test_filled_depth_is_refused(tmp_path, monkeypatch):
    root = make_data(tmp_path / 'sunrgbd')
    split = tmp_path / 'list.txt'
    split.write_text(ROWS[0].replace('/depth/', '/depth_bfx/'))
    with pytest.raises(SystemExit, match=r'b0\.png: wanted a file in the'):
        convert(monkeypatch, root, split)


def test_other_split_files(tmp_path, monkeypatch):
    (tmp_path / 'text.mat').write_text('text')
    with pytest.raises(SystemExit, match=r'text\.mat: not the allsplit\.mat'):
        convert(monkeypatch, tmp_path, tmp_path / 'text.mat')
    savemat(
        tmp_path / 'other.mat', {'alltest': np.array(['/a', '/b'], object)}
    )
    with pytest.raises(SystemExit, match='a path without /SUNRGBD/'):
        convert(monkeypatch, tmp_path, tmp_path / 'other.mat')
    with pytest.raises(SystemExit, match=r'none\.txt: no such list'):
        convert(monkeypatch, tmp_path, tmp_path / 'none.txt')
