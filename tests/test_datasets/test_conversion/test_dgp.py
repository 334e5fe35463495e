"""DGP scenes and the projection of their LiDAR."""

import json

import numpy as np
import pytest
from tiny_dgp import (
    AHEAD,
    HEIGHT,
    REAL,
    STRAIGHT,
    WIDTH,
    make_release,
    make_scene,
    needs_real,
    pose,
)

from xnet_mm.datasets.conversion import dgp
from xnet_mm.datasets.conversion.lidar_projection import (
    move,
    project_nearest,
    relative_pose,
)

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
