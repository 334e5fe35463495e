"""Readers: units, and two malformed files of every format."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from exr_files import write_exr
from judged import save
from told import tell

from xnet_mm.judge.depth_files import (
    Units,
    read_prediction,
    read_truth,
    usual_units,
)

DEPTH = np.arange(1, 13, dtype=np.float32).reshape(3, 4) / 2
PLAIN = Units()


def test_units_by_kind_of_number(tmp_path):
    floats = save(tmp_path / 'a.npy', DEPTH)
    integers = save(tmp_path / 'a.png', (DEPTH * 1000).astype(np.uint16))
    for read in (read_prediction, read_truth):
        assert np.array_equal(read(floats, PLAIN), DEPTH)
        assert np.array_equal(read(integers, PLAIN), DEPTH)
        given = Units(scale=500.0)
        assert np.array_equal(read(integers, given), 2 * DEPTH)
        assert np.array_equal(read(floats, given), DEPTH / np.float32(500))


def test_usual_units():
    for name, scale, encoding in (
        ('nyu_eigen', 1000, 'plain'),
        ('kitti_official', 256, 'plain'),
        ('kitti_eigen_garg', 256, 'plain'),
        ('sun_rgbd', 1000, None),
        ('custom', 1000, 'plain'),
    ):
        predictions, truth = usual_units(name)
        assert predictions == Units(None, scale, 'plain')
        assert truth == Units(None, scale, encoding)
    assert Units().describe() == (
        'floats are metres, integers 1000 units per metre'
    )
    assert Units(256.0, encoding='rotate3').describe() == (
        '256 file units per metre, turned by three bits'
    )


def test_zeros_and_negatives_of_predictions_stay(tmp_path):
    path = save(tmp_path / 'a.npy', np.float64([[0, -1], [2, 1e-9]]))
    assert read_prediction(path, PLAIN).tolist() == [
        [0, -1],
        [2, np.float32(1e-9)],
    ]
    assert read_truth(path, PLAIN)[0].tolist() == [0, 0]


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf])
def test_predictions_are_finite_and_truth_has_holes(tmp_path, value):
    depth = DEPTH.copy()
    depth[1, 2] = value
    path = save(tmp_path / 'a.npy', depth)
    with pytest.raises(
        ValueError, match=r'a.npy: 1 of 12 predicted depths are NaN or infini'
    ):
        read_prediction(path, PLAIN)
    assert read_truth(path, PLAIN)[1, 2] == 0


def test_inverse_depths_and_disparities(tmp_path):
    floats = save(tmp_path / 'a.npy', DEPTH)
    integers = save(tmp_path / 'a.png', (DEPTH * 1000).astype(np.uint16))
    inverse = Units(space='inverse_depth')
    assert np.array_equal(read_prediction(floats, inverse), DEPTH)
    with pytest.raises(ValueError, match=r'a.png: uint16 values, and integ'):
        read_prediction(integers, inverse)
    given = Units(500.0, space='inverse_depth')
    assert np.array_equal(read_prediction(integers, given), 2 * DEPTH)
    assert given.describe() == 'inverse depths, 500 file units per 1/m'
    disparity = Units(space='disparity')
    assert np.array_equal(read_prediction(integers, disparity), DEPTH * 1000)
    save(tmp_path / 'a.npy', np.float32([[1, np.nan]]))
    with pytest.raises(ValueError, match='1 of 2 predicted disparities are'):
        read_prediction(tmp_path / 'a.npy', disparity)


def test_beyond_float32(tmp_path):
    path = save(tmp_path / 'a.npy', np.float64([[1e39, 1]]))
    with pytest.raises(ValueError, match=r'up to 1e\+39 are beyond float32'):
        read_prediction(path, PLAIN)


def test_turned_files_of_sun_rgbd(tmp_path):
    mm = np.arange(1000, 4000, 7, np.uint16).reshape(-1, 3)
    turned = save(tmp_path / 'a.png', (mm << 3) | (mm >> 13))
    plain = save(tmp_path / 'b.png', mm)
    few = save(tmp_path / 'c.png', np.full((4, 5), 2000, np.uint16))
    _, units = usual_units('sun_rgbd')
    with pytest.raises(
        ValueError, match=r'a.png: most of its .* multiples of 8.*rotate3, or'
    ):
        read_truth(turned, units)
    wanted = read_truth(plain, units)
    assert np.array_equal(
        read_truth(turned, Units(encoding='rotate3')), wanted
    )
    assert read_truth(few, units).max() == 2
    _, nyu = usual_units('nyu_eigen')
    assert read_truth(turned, nyu).max() > 8


class Bomb:
    def __reduce__(self):
        return print, ('a pickle was run',)


def png_chunk(kind, data):
    crc = zlib.crc32(kind + data)
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', crc)


def whole(suffix):
    """A good file of a format, as bytes."""
    return cv2.imencode(suffix, np.full((9, 9), 700, np.uint16))[1].tobytes()


def malformed(tmp_path):
    """Path and what is said, two of every format."""
    made = {
        'cut.png': (whole('.png')[:60], 'cut short: this PNG ends'),
        'eight.png': (
            cv2.imencode('.png', np.full((9, 9), 7, np.uint8))[1].tobytes(),
            '8-bit depth (uint8, values 7 to 7)',
        ),
        'claims.png': (
            b'\x89PNG\r\n\x1a\n'
            + png_chunk(
                b'IHDR', struct.pack('>IIBBBBB', 60000, 60000, 16, 0, 0, 0, 0)
            )
            + png_chunk(b'IDAT', b'')
            + png_chunk(b'IEND', b''),
            'the header claims 60000x60000 pixels',
        ),
        'cut.tif': (whole('.tif')[:40], 'cut short: this TIFF ends'),
        'empty.tiff': (b'', 'an empty file, 0 bytes'),
        'colour.tif': (
            cv2.imencode('.tif', np.full((9, 9, 3), 700, np.uint16))[1],
            'wanted one channel of depth, got an array of shape (9, 9, 3)',
        ),
        'junk.npy': (b'junk', 'unreadable depth ('),
        'junk.npz': (b'PK\x03\x04junk', 'unreadable depth ('),
        'junk.exr': (b'junk', 'OpenCV cannot decode it'),
        'empty.exr': (b'', 'an empty file, 0 bytes'),
        'cut.exr': (write_exr(dict(Z=DEPTH))[:-3], 'a damaged EXR file, or'),
    }
    for name, (data, said) in made.items():
        (tmp_path / name).write_bytes(bytes(data))
        yield tmp_path / name, said
    np.save(tmp_path / 'pickle.npy', np.array([[Bomb()]]), allow_pickle=True)
    yield tmp_path / 'pickle.npy', 'pickled objects, which could run code'
    text = np.array([['a', 'b']])
    yield save(tmp_path / 'text.npy', text), 'wanted numbers, got <U1'
    np.savez(tmp_path / 'two.npz', a=DEPTH, b=DEPTH)
    yield tmp_path / 'two.npz', 'wanted an array named depth, or a single one'
    whole_npy = (tmp_path / 'text.npy').read_bytes()
    (tmp_path / 'short.npy').write_bytes(whole_npy[:-4])
    yield tmp_path / 'short.npy', 'the header claims (1, 2) values'


def test_malformed_files_of_every_format(tmp_path, capsys):
    count = 0
    for path, said in malformed(tmp_path):
        for read in (read_prediction, read_truth):
            told = tell(read, path, PLAIN)
            assert said in told, (path, told)
            assert told.startswith(f'{path}: '), told
            assert '\n' not in told
        count += 1
    assert count == 15
    assert 'a pickle was run' not in capsys.readouterr().out


def test_no_such_file(tmp_path):
    for suffix in ('.npy', '.png', '.tif', '.npz'):
        path = tmp_path / f'none{suffix}'
        assert 'no such depth file' in tell(read_prediction, path, PLAIN)


def test_exr(tmp_path):
    path = tmp_path / 'a.exr'
    path.write_bytes(write_exr(dict(Z=DEPTH)))
    assert np.array_equal(read_prediction(path, PLAIN), DEPTH)
    assert np.array_equal(read_truth(path, Units(2.0)), DEPTH / 2)
