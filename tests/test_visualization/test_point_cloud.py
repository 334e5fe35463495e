"""Point clouds: read back with plain numpy and back-projected by hand."""

import numpy as np

from xnet_mm.visualization.point_cloud import (
    back_project,
    encode_ply,
    find_edges,
)

CAMERA = (50.0, 40.0, 3.5, 1.25)


def read_ply(data):
    """Positions (N, 3) and colours (N, 3) of a file of this layout."""
    header, body = data.split(b'end_header\n', 1)
    lines = header.decode('ascii').splitlines()
    assert lines[:2] == ['ply', 'format binary_little_endian 1.0']
    assert lines[-6:] == [
        *(f'property float {axis}' for axis in 'xyz'),
        *(f'property uchar {colour}' for colour in ('red', 'green', 'blue')),
    ]
    (count,) = (
        int(line.split()[-1]) for line in lines if 'element vertex' in line
    )
    rows = np.frombuffer(body, np.uint8).reshape(count, 15)
    return rows[:, :12].copy().view('<f4'), rows[:, 12:]


def test_cloud_equals_back_projection_by_hand():
    rng = np.random.default_rng(0)
    depth = rng.uniform(0.5, 5, (5, 8)).astype(np.float32)
    depth[1, 2], depth[4, 7] = 0, np.nan
    image = rng.integers(256, size=(5, 8, 3), dtype=np.uint8)
    fx, fy, cx, cy = CAMERA
    positions, colours = [], []
    for v in range(5):
        for u in range(8):
            z = float(depth[v, u])
            if z > 0:
                positions.append([(u - cx) * z / fx, (v - cy) * z / fy, z])
                colours.append(image[v, u].tolist())
    found = read_ply(encode_ply(image, depth, CAMERA))
    assert len(positions) == 38
    np.testing.assert_allclose(found[0], positions, rtol=1e-5, atol=1e-6)
    assert found[1].tolist() == colours


def test_principal_point_looks_straight_ahead():
    points = back_project(np.full((4, 6), 2.0), (10, 10, 3, 1))
    assert points.dtype == np.float32
    assert points[1, 3].tolist() == [0, 0, 2]
    assert np.allclose(points[1, 4] - points[1, 3], [0.2, 0, 0])


def test_edges_go_and_slopes_stay():
    depth = np.full((6, 8), 2.0, np.float32)
    depth += 0.02 * np.arange(8)  # a slope of 1 % per pixel
    depth[:, 5:] += 1
    edges = find_edges(depth)
    assert edges[:, 4:6].all()
    assert edges.sum() == 12
    image = np.zeros((6, 8, 3), np.uint8)
    positions, _ = read_ply(encode_ply(image, depth, CAMERA, True))
    assert len(positions) == 36
    assert not ((positions[:, 2] > 2.07) & (positions[:, 2] < 3.11)).any()


def test_nothing_known_gives_an_empty_cloud():
    image = np.zeros((2, 2, 3), np.uint8)
    positions, _ = read_ply(encode_ply(image, np.zeros((2, 2)), CAMERA))
    assert positions.shape == (0, 3)
