"""Data sets of rooms: files, threads, what a failure leaves."""

import json

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmseg.registry import DATASETS
from real_data import ROOT

from xnet_mm.datasets.scenes import dataset as scenes
from xnet_mm.datasets.scenes.dataset import write_scenes
from xnet_mm.datasets.scenes.layout import CLASSES
from xnet_mm.datasets.scenes.renderer import camera_matrix, render_scene

SIZE = (64, 48)
SMALL = dict(num_train=3, num_val=2, size=SIZE, workers=1)


def read_all(root):
    return {
        str(p.relative_to(root)): p.read_bytes()
        for p in sorted(root.rglob('*'))
        if p.is_file()
    }


def test_files_hold_what_was_rendered(tmp_path):
    root = tmp_path / 'scenes'
    assert write_scenes(root, seed=4, **SMALL)
    assert (root / 'train.txt').read_text() == '0000\n0001\n0002\n'
    assert (root / 'val.txt').read_text() == '0003\n0004\n'
    np.testing.assert_allclose(np.loadtxt(root / 'K.txt'), camera_matrix(SIZE))
    meta = json.loads((root / 'meta.json').read_text())
    assert meta['classes'] == list(CLASSES)
    image, label, depth = render_scene(4, 3, SIZE)
    saved = cv2.imread(str(root / 'depth/0003.png'), cv2.IMREAD_UNCHANGED)
    assert saved.dtype == np.uint16
    np.testing.assert_allclose(saved / 1000, depth, atol=0.5001e-3)
    saved = cv2.imread(str(root / 'labels/0003.png'), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(saved, label)
    saved = cv2.imread(str(root / 'images/0003.jpg'))[..., ::-1]
    assert np.abs(saved.astype(int) - image).mean() < 8  # JPEG, RGB order
    sheet = cv2.imread(str(root / 'preview.jpg'))
    assert sheet.shape == (3 * SIZE[1], 2 * 3 * SIZE[0], 3)


def test_workers_do_not_change_the_files(tmp_path):
    write_scenes(tmp_path / 'one', **SMALL)
    write_scenes(tmp_path / 'two', **{**SMALL, 'workers': 2})
    one, two = read_all(tmp_path / 'one'), read_all(tmp_path / 'two')
    assert len(one) == 3 * 5 + 5
    assert one == two


def fail_at(index, monkeypatch):
    def render(seed, at, size):
        if at == index:
            raise RuntimeError('disk full')
        return render_scene(seed, at, size)

    monkeypatch.setattr(scenes, 'render_scene', render)


def test_failure_leaves_nothing(tmp_path, monkeypatch):
    fail_at(3, monkeypatch)
    with pytest.raises(RuntimeError, match='disk full'):
        write_scenes(tmp_path / 'scenes', **SMALL)
    assert not list(tmp_path.iterdir())


def test_failed_replacement_keeps_the_old_data(tmp_path, monkeypatch):
    root = tmp_path / 'scenes'
    write_scenes(root, **SMALL)
    before = read_all(root)
    fail_at(3, monkeypatch)
    with pytest.raises(RuntimeError, match='disk full'):
        write_scenes(root, seed=1, force=True, **SMALL)
    assert read_all(root) == before
    assert [p.name for p in tmp_path.iterdir()] == ['scenes']


def test_leftovers_of_a_killed_run_do_no_harm(tmp_path):
    (tmp_path / 'scenes.tmp/images').mkdir(parents=True)
    (tmp_path / 'scenes.tmp/images/9999.jpg').write_text('half')
    write_scenes(tmp_path / 'scenes', **SMALL)
    assert '9999.jpg' not in ''.join(read_all(tmp_path / 'scenes'))
    assert [p.name for p in tmp_path.iterdir()] == ['scenes']


def test_second_run(tmp_path):
    root = tmp_path / 'scenes'
    assert write_scenes(root, **SMALL)
    before = {p: p.stat().st_mtime_ns for p in root.rglob('*')}
    assert not write_scenes(root, **SMALL)
    assert {p: p.stat().st_mtime_ns for p in root.rglob('*')} == before
    with pytest.raises(FileExistsError, match=r"'seed': 0.* wanted .*--force"):
        write_scenes(root, seed=1, **SMALL)
    assert write_scenes(root, seed=1, force=True, **SMALL)
    assert (
        json.loads((root / 'meta.json').read_text())['parameters']['seed'] == 1
    )


def test_never_replaces_what_is_not_generated(tmp_path):
    (tmp_path / 'holiday.jpg').write_text('precious')
    with pytest.raises(FileExistsError, match='not a generated data set'):
        write_scenes(tmp_path, force=True, **SMALL)
    assert (tmp_path / 'holiday.jpg').read_text() == 'precious'


def test_config_says_how_to_make_the_data(tmp_path, monkeypatch):
    monkeypatch.setenv('XNET_MM_DATA', str(tmp_path))
    cfg = Config.fromfile(ROOT / 'configs/_base_/datasets/scenes.py')
    with pytest.raises(FileNotFoundError, match=r'make_scenes\.py .*scenes'):
        DATASETS.build(cfg.val_dataloader.dataset)


def both(root, **options):
    prefix = dict(img_path='images', seg_map_path='labels', depth_path='depth')
    return DATASETS.build(
        dict(
            type='xnet_mm.ScenesDepthDataset',
            data_root=str(root),
            ann_file='val.txt',
            **{'data_prefix': prefix, **options},
        )
    )


def test_both_truths(tmp_path):
    root = tmp_path / 'scenes'
    write_scenes(root, seed=4, **SMALL)
    dataset = both(
        root,
        pipeline=[
            dict(type='xnet_mm.LoadImage'),
            dict(type='xnet_mm.LoadLabels'),
            dict(type='xnet_mm.LoadDepth'),
        ],
    )
    assert len(dataset) == 2 and dataset.metainfo['max_depth'] == 10.0
    assert dataset.metainfo['classes'] == CLASSES
    for i, sample in enumerate(dataset):
        _, label, depth = render_scene(4, 3 + i, SIZE)
        np.testing.assert_array_equal(sample['gt_seg_map'], label)
        np.testing.assert_allclose(
            sample['gt_depth_map'], depth, atol=0.5001e-3
        )
        assert sample['seg_fields'] == ['gt_seg_map', 'gt_depth_map']


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (
            dict(data_prefix=dict(img_path='images', seg_map_path='labels')),
            "has no depth_path, .*Set depth_path='depth'",
        ),
        ({}, r'0004\.png: no such depth map, for .*0004\.jpg'),
        (
            dict(metainfo=dict(max_depth=0.001)),
            'max_depth',
        ),
    ],
)
def test_depth_that_is_not_there(tmp_path, change, message):
    root = tmp_path / 'scenes'
    write_scenes(root, **SMALL)
    if not change:
        (root / 'depth/0004.png').unlink()
    with pytest.raises(ValueError, match=message):
        both(root, **change)
