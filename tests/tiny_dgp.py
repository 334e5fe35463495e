"""A DGP release small enough to work out by hand, and the real one."""

import json

import numpy as np
from PIL import Image

SCENES = 'dgp/test_scene'  # of the real data

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
