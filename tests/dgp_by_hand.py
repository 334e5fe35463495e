"""dgp's depth maps by a loop over points, without our modules."""

import json

import numpy as np


def rotation(pose):
    """(3, 3) of the unit quaternion of a pose in a scene's JSON."""
    w, x, y, z = (pose['rotation'][key] for key in ('qw', 'qx', 'qy', 'qz'))
    norm = np.sqrt(w * w + x * x + y * y + z * z)
    w, x, y, z = w / norm, x / norm, y / norm, z / norm
    return np.array(
        [
            [
                1 - 2 * (y * y + z * z),
                2 * (x * y - w * z),
                2 * (x * z + w * y),
            ],
            [
                2 * (x * y + w * z),
                1 - 2 * (x * x + z * z),
                2 * (y * z - w * x),
            ],
            [
                2 * (x * z - w * y),
                2 * (y * z + w * x),
                1 - 2 * (x * x + y * y),
            ],
        ]
    )


def translation(pose):
    """(3,) of a pose in a scene's JSON."""
    return np.array([pose['translation'][axis] for axis in 'xyz'])


def loop(points, intrinsics, shape):
    """Points (N, 3) of the camera, one after the other; (H, W) float32."""
    height, width = shape
    fx, fy, cx, cy = intrinsics
    depth = np.zeros(shape, np.float32)
    for x, y, z in points[points[:, 2] > 0].tolist():
        u, v = int(fx * x / z + cx), int(fy * y / z + cy)
        if 0 <= u < width and 0 <= v < height:
            depth[v, u] = z
    return depth


def scene_maps(path, cameras_wanted=('CAMERA_01', 'CAMERA_05')):
    """Of a scene's JSON: path of each picture, and its map by the loop."""
    scene = json.loads(path.read_text())
    data = {entry['key']: entry for entry in scene['data']}
    for sample in scene['samples']:
        entries = [data[key] for key in sample['datum_keys']]
        (sweep,) = [
            entry['datum']['point_cloud']
            for entry in entries
            if entry['id']['name'] == 'LIDAR'
        ]
        calibration = json.loads(
            (
                path.parent / f'calibration/{sample["calibration_key"]}.json'
            ).read_text()
        )
        cameras = dict(
            zip(calibration['names'], calibration['intrinsics'], strict=True)
        )
        with np.load(path.parent / sweep['filename']) as arrays:
            points = arrays['data'][:, :3].astype(np.float64)
        world = points @ rotation(sweep['pose']).T + translation(sweep['pose'])
        for entry in entries:
            name = entry['id']['name']
            if name not in cameras_wanted:
                continue
            image, k = entry['datum']['image'], cameras[name]
            pose = image['pose']
            seen = (world - translation(pose)) @ rotation(pose)
            yield (
                image['filename'],
                loop(
                    seen,
                    (k['fx'], k['fy'], k['cx'], k['cy']),
                    (image['height'], image['width']),
                ),
            )
