"""DGP scenes, their LiDAR in their cameras, and DDAD's converter."""

import json
import os
import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from xnet_mm.datasets import DDADDataset, dgp
from xnet_mm.datasets.lidar_projection import (
    move,
    project_nearest,
    relative_pose,
)

ROOT = Path(__file__).parents[1]
TOOL = ROOT / 'tools/dataset_converters/ddad.py'
DATA = Path(os.environ.get('XNET_MM_TEST_DATA', ROOT.parent / 'shared/data'))
REAL = DATA / 'dgp/test_scene'
needs_real = pytest.mark.skipif(
    not REAL.is_dir(), reason=f'no DGP scene at {REAL} (set XNET_MM_TEST_DATA)'
)

HEIGHT, WIDTH = 12, 20
STRAIGHT = {'qw': 1.0, 'qx': 0.0, 'qy': 0.0, 'qz': 0.0}
# Looks along the world's x; its x is the world's -y, its y the world's -z.
AHEAD = {'qw': 0.5, 'qx': -0.5, 'qy': 0.5, 'qz': -0.5}


def pose(rotation, x, y=0.0, z=0.0):
    return {'rotation': rotation, 'translation': {'x': x, 'y': y, 'z': z}}


def make_scene(root, name='000000', cameras=('01', '05'), times=(10, 20)):
    """A car that drives 1 m from each sweep to its pictures."""
    folder = root / name
    data, samples = [], []
    for n, time in enumerate(times):
        sweep = f'point_cloud/LIDAR/{time}.npz'
        # x ahead, y left, z up: 10 m ahead of the camera, 2 to the left, 1
        # up; one behind it on the same ray; one behind the car; one nowhere.
        points = [[11, 2, 1], [21, 4, 2], [-5, 0, 0], [np.nan, 0, 0]]
        points = np.c_[points, np.zeros(4)]
        (folder / sweep).parent.mkdir(parents=True, exist_ok=True)
        np.savez(folder / sweep, data=points)
        entries = [
            (
                'LIDAR',
                {
                    'point_cloud': {
                        'filename': sweep,
                        'point_format': ['X', 'Y', 'Z', 'INTENSITY'],
                        'pose': pose(STRAIGHT, 100.0 + n),
                    }
                },
            )
        ]
        for camera in cameras:
            image = f'rgb/CAMERA_{camera}/{time + 1}.png'
            (folder / image).parent.mkdir(parents=True, exist_ok=True)
            Image.new('RGB', (WIDTH, HEIGHT), (90, 90, 90)).save(
                folder / image
            )
            entries.append(
                (
                    f'CAMERA_{camera}',
                    {
                        'image': {
                            'filename': image,
                            'height': HEIGHT,
                            'width': WIDTH,
                            'pose': pose(AHEAD, 101.0 + n),
                        }
                    },
                )
            )
        keys = [f'{n}-{sensor}' for sensor, _ in entries]
        data += [
            {'key': key, 'id': {'name': sensor}, 'datum': datum}
            for key, (sensor, datum) in zip(keys, entries, strict=True)
        ]
        samples.append({'calibration_key': 'cal', 'datum_keys': keys})
    calibration = {
        'names': ['LIDAR', *(f'CAMERA_{c}' for c in cameras)],
        'intrinsics': [
            {'fx': 0, 'fy': 0, 'cx': 0, 'cy': 0, 'skew': 0},
            *[{'fx': 20, 'fy': 20, 'cx': 8, 'cy': 5, 'skew': 0}]
            * len(cameras),
        ],
    }
    (folder / 'calibration').mkdir()
    (folder / 'calibration/cal.json').write_text(json.dumps(calibration))
    path = folder / f'scene_{name}.json'
    path.write_text(json.dumps({'data': data, 'samples': samples}))
    return path


def make_release(root):
    splits = {
        '0': [make_scene(root, '000000'), make_scene(root, '000001')],
        '1': [make_scene(root, '000002', ('01', '05', '07'), (30,))],
    }
    (root / 'ddad.json').write_text(
        json.dumps(
            {
                'scene_splits': {
                    split: {
                        'filenames': [
                            str(path.relative_to(root)) for path in paths
                        ]
                    }
                    for split, paths in splits.items()
                }
            }
        )
    )
    return root


def convert(monkeypatch, *argv):
    monkeypatch.setattr(sys, 'argv', [str(TOOL), *map(str, argv)])
    runpy.run_path(str(TOOL), run_name='__main__')


# Projection


def test_hand_worked_camera():
    points = np.array(
        [
            [0.0, 0.0, 2.0],  # the axis: pixel (cx, cy)
            [-2.0, -1.0, 10.0],  # u = 3 - 2 * .2 = 2.6, v = 1 - 2 * .1 = .8
            [-4.0, -2.0, 20.0],  # the same ray, behind it
            [1.25, 0.0, 1.0],  # u = 5.5: just right of the last pixel
            [1.24, 0.0, 1.0],  # u = 5.48: in it
            [-1.75, 0.5, 1.0],  # u = -.5: the left edge of the first pixel
            [-1.76, 0.5, 1.0],  # outside
            [0.0, 0.0, -2.0],  # behind the camera
            [0.0, 0.0, 0.0],
            [np.nan, np.nan, np.nan],
        ]
    )
    depth = project_nearest(points, (2.0, 2.0, 3.0, 1.0), (3, 6))
    expected = [
        [0, 0, 0, 0, 0, 0],
        [0, 0, 0, 2, 0, 1],
        [1, 0, 0, 0, 0, 0],
    ]
    # Both of the ray fall on the axis' pixel, behind its own point.
    np.testing.assert_array_equal(depth, np.array(expected, np.float32))
    assert depth.dtype == np.float32

    without_axis = project_nearest(points[1:], (2.0, 2.0, 3.0, 1.0), (3, 6))
    assert without_axis[1, 3] == 10


def test_projection_equals_a_loop_over_points():
    random = np.random.default_rng(0)
    points = random.uniform([-9, -6, -3], [9, 6, 12], (4000, 3))
    fx, fy, cx, cy = 13.0, 11.0, 16.2, 9.7
    expected = np.zeros((20, 33), np.float32)
    for x, y, z in points:
        if z <= 0:
            continue
        u, v = round(fx * x / z + cx), round(fy * y / z + cy)
        if 0 <= u < 33 and 0 <= v < 20:
            old = expected[v, u]
            expected[v, u] = z if old == 0 else min(old, z)
    depth = project_nearest(points, (fx, fy, cx, cy), expected.shape)
    assert (depth > 0).sum() > 300
    np.testing.assert_allclose(depth, expected, rtol=1e-6)


def test_no_point_at_all():
    depth = project_nearest(np.zeros((0, 3)), (1.0, 1.0, 0.0, 0.0), (2, 3))
    np.testing.assert_array_equal(depth, np.zeros((2, 3)))


def test_relative_pose_goes_through_the_world():
    lidar = dgp.pose_matrix(pose(STRAIGHT, 100.0))
    camera = dgp.pose_matrix(pose(AHEAD, 101.0, z=0.5))
    moved = move(
        np.array([[11.0, 2.0, 1.0]]), relative_pose(to=camera, start=lidar)
    )
    np.testing.assert_allclose(moved, [[-2.0, -0.5, 10.0]], atol=1e-12)


# Reading


def test_scene_as_written(tmp_path):
    samples = dgp.read_scene(make_scene(tmp_path))
    assert len(samples) == 2
    sweep, images = samples[1].sweep, samples[1].images
    np.testing.assert_array_equal(
        sweep.load(), [[11, 2, 1], [21, 4, 2], [-5, 0, 0]]
    )
    assert sweep.pose[0, 3] == 101
    assert [image.camera for image in images] == ['CAMERA_01', 'CAMERA_05']
    assert images[0].path == tmp_path / '000000/rgb/CAMERA_01/21.png'
    assert images[0].shape == (HEIGHT, WIDTH)
    assert images[0].intrinsics == (20, 20, 8, 5)


def test_splits_from_folder_file_and_scene(tmp_path):
    root = make_release(tmp_path)
    splits = dgp.read_splits(root)
    assert {k: len(v) for k, v in splits.items()} == {'train': 2, 'val': 1}
    assert splits == dgp.read_splits(root / 'ddad.json')
    scene = splits['val'][0]
    assert dgp.read_splits(scene) == {'val': [scene]}


def test_channels_in_another_order(tmp_path):
    np.savez(tmp_path / 'a.npz', data=[[9.0, 3.0, 1.0, 2.0]])
    sweep = dgp.Sweep(
        tmp_path / 'a.npz', ('INTENSITY', 'Z', 'X', 'Y'), np.eye(4)
    )
    np.testing.assert_array_equal(sweep.load(), [[1, 2, 3]])


def edit(path, function):
    content = json.loads(path.read_text())
    function(content)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ('function', 'message'),
    [
        (lambda s: s.pop('data'), "not a DGP scene .*'data'"),
        (lambda s: s['data'].pop(), 'not a DGP scene .*1-CAMERA_05'),
        (
            lambda s: s['samples'][0]['datum_keys'].pop(0),
            'LIDAR in a sample',
        ),
        (
            lambda s: s['data'][0]['datum']['point_cloud'].pop('pose'),
            "not a DGP scene .*'pose'",
        ),
        (
            lambda s: s['samples'][0].update(calibration_key='other'),
            'other.json: no such file',
        ),
    ],
)
def test_scenes_that_are_not_as_the_format(tmp_path, function, message):
    path = make_scene(tmp_path)
    edit(path, function)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        dgp.read_scene(path)


# The converter


def test_pairs_depth_and_lists(tmp_path, monkeypatch, capsys):
    release = make_release(tmp_path / 'release')
    target = tmp_path / 'ddad'
    convert(monkeypatch, release, target)
    out = capsys.readouterr().out
    assert '10 pairs written, 0 were there' in out
    assert '000000 has no CAMERA_06, CAMERA_09' in out
    assert (target / 'ddad_val.txt').read_text().splitlines() == [
        f'000002/rgb/CAMERA_{c}/31.png 000002/depth/CAMERA_{c}/31.npz'
        for c in ('01', '05')
    ]
    assert len((target / 'ddad_train.txt').read_text().splitlines()) == 8
    expected = np.zeros((HEIGHT, WIDTH), np.float32)
    expected[3, 4] = 10  # u = 8 - 20 * 2 / 10, v = 5 - 20 * 1 / 10
    with np.load(target / '000002/depth/CAMERA_05/31.npz') as arrays:
        assert arrays.files == ['depth']
        assert arrays['depth'].dtype == np.float32
        np.testing.assert_array_equal(arrays['depth'], expected)
    image = target / '000002/rgb/CAMERA_05/31.png'
    assert image.is_symlink() and Image.open(image).size == (WIDTH, HEIGHT)

    dataset = DDADDataset(
        data_root=str(target), ann_file='ddad_train.txt', pipeline=[]
    )
    assert len(dataset) == 8


def test_second_run_changes_nothing(tmp_path, monkeypatch, capsys):
    release, target = make_release(tmp_path / 'release'), tmp_path / 'ddad'
    argv = (release, target, '--copy', '--overlay', tmp_path / 'overlays')
    convert(monkeypatch, *argv)
    before = {
        p: p.stat().st_mtime_ns
        for folder in (target, tmp_path / 'overlays')
        for p in folder.rglob('*.*')
        if p.suffix != '.txt'
    }
    assert len(before) == 3 * 10
    assert not any(p.is_symlink() for p in before)
    convert(monkeypatch, *argv)
    assert '0 pairs written, 10 were there' in capsys.readouterr().out
    assert before == {p: p.stat().st_mtime_ns for p in before}


def test_in_place(tmp_path, monkeypatch):
    release = make_release(tmp_path)
    convert(monkeypatch, release, release, '--cameras', '01')
    assert len(list(release.rglob('depth/CAMERA_01/*.npz'))) == 5
    assert not (release / '000000/rgb/CAMERA_01/11.png').is_symlink()
    assert len((release / 'ddad_val.txt').read_text().splitlines()) == 1


def break_files(release):
    image = release / '000000/rgb/CAMERA_01/11.png'
    image.write_bytes(image.read_bytes()[:50])
    sweep = release / '000000/point_cloud/LIDAR/20.npz'
    sweep.write_bytes(sweep.read_bytes()[:100])
    Image.new('RGB', (4, 4)).save(release / '000001/rgb/CAMERA_05/11.png')
    (release / '000002/scene_000002.json').write_text('{')
    return [
        'CAMERA_01/11.png',
        '20.npz',
        '20.npz',
        'CAMERA_05/11.png',
        '.json',
    ]


def test_broken_files_end_the_run(tmp_path, monkeypatch):
    release, target = make_release(tmp_path / 'release'), tmp_path / 'ddad'
    names = break_files(release)
    with pytest.raises(SystemExit, match='5 failed, and no list') as stop:
        convert(monkeypatch, release, target)
    lines = str(stop.value).splitlines()[1:6]
    for name, line in zip(names, lines, strict=True):
        assert name in line
    assert 'unreadable image' in lines[0]
    assert 'unreadable LiDAR sweep' in lines[1]
    assert 'is (4, 4) (height, width), but its scene says' in lines[3]
    assert 'not JSON' in lines[4]
    assert '--skip-broken' in str(stop.value)
    assert not list(target.glob('*.txt'))
    assert len(list(target.rglob('*.npz'))) == 4


def test_broken_files_are_skipped_when_told_to(tmp_path, monkeypatch, capsys):
    release, target = make_release(tmp_path / 'release'), tmp_path / 'ddad'
    names = break_files(release)
    convert(monkeypatch, release, target, '--skip-broken')
    out = capsys.readouterr().out
    assert 'skipped 5' in out and all(name in out for name in names)
    assert len((target / 'ddad_train.txt').read_text().splitlines()) == 4
    assert (target / 'ddad_val.txt').read_text() == ''


def test_sources_that_are_not_a_release(tmp_path, monkeypatch):
    with pytest.raises(SystemExit, match=r'in DDAD `ddad.json`.*found none'):
        convert(monkeypatch, tmp_path, tmp_path / 'out')
    other = tmp_path / 'other.json'
    other.write_text('{"a": 1}')
    with pytest.raises(SystemExit, match='has neither `scene_splits`'):
        convert(monkeypatch, other, tmp_path / 'out')
    release = make_release(tmp_path / 'release')
    with pytest.raises(SystemExit, match='no picture of these cameras'):
        convert(monkeypatch, release, tmp_path / 'out', '--cameras', '09')


# The real scene


@needs_real
def test_real_poses_agree_with_the_annotated_boxes():
    # Every box is annotated twice, in the LiDAR's and in a camera's frame.
    compared = 0
    for path in dgp.read_splits(REAL)['train']:
        scene = json.loads(path.read_text())
        entries = {
            datum['filename']: datum
            for entry in scene['data']
            for datum in entry['datum'].values()
        }

        def boxes(file, folder=path.parent, entries=entries):
            name = file.relative_to(folder).as_posix()
            annotation = folder / entries[name]['annotations']['1']
            return {
                box['instance_id']: dgp.pose_matrix(box['box']['pose'])
                for box in json.loads(annotation.read_text())['annotations']
            }

        for sample in dgp.read_scene(path):
            in_lidar = boxes(sample.sweep.path)
            for image in sample.images:
                transform = relative_pose(image.pose, sample.sweep.pose)
                in_camera = boxes(image.path)
                for key in in_lidar.keys() & in_camera.keys():
                    np.testing.assert_allclose(
                        transform @ in_lidar[key], in_camera[key], atol=0.02
                    )
                    compared += 1
    assert compared > 100


@needs_real
def test_real_depth_sits_on_the_edges(tmp_path, monkeypatch):
    # scene_02 only: in scene_01 LiDAR and cameras are a degree apart, in the
    # calibration that it comes with.
    scene = next((REAL / 'scene_02').glob('scene_*.json'))
    convert(monkeypatch, scene, tmp_path, '--cameras', '05', '09')
    rows = (tmp_path / 'ddad_val.txt').read_text().split()
    shifts = range(-48, 49, 4)
    scores = np.zeros(len(shifts))
    for rgb, path in zip(rows[::2], rows[1::2], strict=True):
        with np.load(tmp_path / path) as arrays:
            depth = arrays['depth']
        assert depth.shape == (1216, 1936)
        assert 4000 < (depth > 0).sum() < 40000
        assert depth[depth > 0].min() > 1 and 60 < depth.max() < 300
        # Points beside something much farther: silhouettes of near objects.
        farthest = cv2.dilate(depth, np.ones((3, 31), np.uint8))
        v, u = np.nonzero(
            (depth > 0) & (depth < 60) & (farthest > 1.35 * depth)
        )
        grey = cv2.GaussianBlur(
            cv2.imread(str(tmp_path / rgb), 0), (0, 0), 1.5
        )
        edges = np.minimum(np.abs(cv2.Sobel(grey, cv2.CV_32F, 1, 0)), 80)
        for i, shift in enumerate(shifts):
            inside = (u + shift >= 0) & (u + shift < 1936)
            scores[i] += edges[v[inside], u[inside] + shift].mean()
    assert shifts[scores.argmax()] == 0
    assert scores.max() > 1.3 * np.median(scores)
