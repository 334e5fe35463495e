"""DGP scenes as the format has them, and a real one."""

import json

import numpy as np
import pytest
from real_data import REAL, needs_real
from tiny_dgp import (
    AHEAD,
    HEIGHT,
    SCENES,
    WIDTH,
    make_release,
    make_scene,
    pose,
)

from xnet_mm.datasets.conversion import dgp
from xnet_mm.datasets.conversion.lidar_projection import relative_pose


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


@needs_real(SCENES)
def test_real_poses_agree_with_the_annotated_boxes():
    # Every box is annotated twice, in the LiDAR's and in a camera's frame.
    compared = 0
    for path in dgp.read_splits(REAL / SCENES)['train']:
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


def test_pose_by_hand():
    matrix = dgp.pose_matrix(pose(AHEAD, 1.0, 2.0, 3.0))
    wanted = [[0, 0, 1, 1], [-1, 0, 0, 2], [0, -1, 0, 3], [0, 0, 0, 1]]
    np.testing.assert_allclose(matrix, wanted, atol=1e-12)


def test_sweeps_that_cannot_be_read(tmp_path):
    path = tmp_path / 'a.npz'
    with pytest.raises(FileNotFoundError, match='no such LiDAR sweep'):
        dgp.Sweep(path, ('X', 'Y', 'Z'), np.eye(4)).load()
    np.savez(path, points=np.zeros((5, 3)))
    with pytest.raises(ValueError, match=r"channels \('X', 'Z'\)"):
        dgp.Sweep(path, ('X', 'Z'), np.eye(4)).load()
    # A single array of any name is the points'.
    assert dgp.Sweep(path, ('Z', 'Y', 'X'), np.eye(4)).load().shape == (5, 3)


def test_a_camera_with_skew(tmp_path):
    scene = make_scene(tmp_path)
    edit(
        scene.parent / 'calibration/cal.json',
        lambda c: c['intrinsics'][1].update(skew=0.1),
    )
    with pytest.raises(ValueError, match=r'cal\.json: a camera with skew'):
        dgp.read_scene(scene)
