"""read_depth: each file format, whole arrays."""

import cv2
import numpy as np
import pytest
from exr_files import write_exr
from picture_files import exif, pillow, png, tiff, turned
from PIL import Image

from xnet_mm.datasets.depth_io import read_depth, read_values

UNITS = np.array([[0, 1, 2500], [9870, 40000, 65535]], np.uint16)


def check(path, scale, wanted, **kwargs):
    depth = read_depth(path, scale, **kwargs)
    assert depth.dtype == np.float32
    np.testing.assert_array_equal(depth, np.asarray(wanted, np.float32))


def test_16_bit_png_is_divided_exactly(tmp_path):
    path = tmp_path / 'd.png'
    Image.fromarray(UNITS).save(path)
    check(path, 1000, [[0, 0.001, 2.5], [9.87, 40, 65.535]])
    check(path, 256.0, UNITS.astype(np.float64) / 256)


def test_16_bit_tiff(tmp_path):
    path = tmp_path / 'd.tiff'
    Image.fromarray(UNITS).save(path)
    check(path, 5000, UNITS.astype(np.float64) / 5000)


FLOATS = np.array(
    [[0, 1.25, np.nan], [np.inf, -np.inf, -3], [1e-3, 80, 0.1]], np.float32
)
METRES = [[0, 1.25, 0], [0, 0, 0], [1e-3, 80, 0.1]]


def test_float_tiff_without_nan_inf_and_negative_depth(tmp_path):
    path = tmp_path / 'd.tif'
    Image.fromarray(FLOATS).save(path)
    check(path, 1, METRES)
    check(path, 2, np.array(METRES) / 2)


def test_values_as_the_file_has_them(tmp_path):
    np.save(tmp_path / 'd.npy', FLOATS)
    np.testing.assert_array_equal(read_values(tmp_path / 'd.npy'), FLOATS)
    Image.fromarray(UNITS).save(tmp_path / 'd.png')
    values = read_values(tmp_path / 'd.png')
    assert values.dtype == np.uint16 and np.array_equal(values, UNITS)
    with pytest.raises(
        FileNotFoundError, match=r'no\.npy: no such depth file'
    ):
        read_values(tmp_path / 'no.npy')


@pytest.mark.parametrize('dtype', ['f2', 'f4', 'f8', '>f4'])
def test_npy(tmp_path, dtype):
    path = tmp_path / 'd.npy'
    np.save(path, FLOATS.astype(dtype))
    check(path, 1, np.array(METRES, dtype))


def test_npy_of_integers(tmp_path):
    path = tmp_path / 'd.npy'
    np.save(path, np.array([[-5, 0, 1500]], np.int32))
    check(path, 1000, [[0, 0, 1.5]])


def test_npz_holds_depth_or_one_array(tmp_path):
    path = tmp_path / 'd.npz'
    np.savez(path, depth=FLOATS, other=np.zeros(3))
    check(path, 1, METRES)
    np.savez_compressed(path, anything=FLOATS)
    check(path, 1, METRES)
    np.savez(path, a=FLOATS, b=FLOATS)
    with pytest.raises(ValueError, match=r'd\.npz: .*\(wanted an array name'):
        read_depth(path, 1)


def test_exr(tmp_path):
    path = tmp_path / 'd.exr'
    path.write_bytes(write_exr(dict(Z=FLOATS)))
    check(path, 1, METRES)
    path.write_bytes(write_exr(dict(Z=np.full((2, 3), 2.5, np.float16))))
    check(path, 0.5, np.full((2, 3), 5))


@pytest.mark.parametrize(
    ('build', 'said'),
    [
        ('  OpenEXR:    NO', r'and this OpenCV \(.*\) was built without EXR'),
        ('  no word of it', r'and this OpenCV \(.*\) was built without EXR'),
        (
            '  OpenEXR:   build (ver 2.3.0)',
            'which OpenCV reads with OPENCV_IO_ENABLE_OPENEXR=1 in the env',
        ),
    ],
)
def test_exr_of_other_kinds_is_opencvs(tmp_path, monkeypatch, build, said):
    path = tmp_path / 'd.exr'
    path.write_bytes(write_exr(dict(Z=FLOATS), compression=4))
    monkeypatch.setattr(cv2, 'getBuildInformation', lambda: build)
    with pytest.raises(
        ValueError,
        match=r'd\.exr: unreadable depth \(an EXR file compressed by PIZ, '
        rf'{said}.*Save it as scan lines',
    ):
        read_depth(path, 1)


def test_rotation_by_three_bits(tmp_path):
    path = tmp_path / 'd.png'
    metres = np.array([[0, 1, 7, 8, 8191, 8192, 9870, 65535]], np.uint16)
    # By the bits' text: the three left-most move to the right end.
    turned = [
        int(bits[3:] + bits[:3], 2)
        for bits in (f'{value:016b}' for value in metres[0].tolist())
    ]
    Image.fromarray(np.array([turned], np.uint16)).save(path)
    check(path, 1000, metres.astype(np.float64) / 1000, encoding='rotate3')
    # A shift alone would lose whatever is beyond 8.191 m.
    assert (np.array(turned) >> 3)[6] == 9870 - 8192
    np.save(tmp_path / 'd.npy', FLOATS)
    with pytest.raises(ValueError, match=r'd\.npy: float32 values, but dep'):
        read_depth(tmp_path / 'd.npy', 1, 'rotate3')


def test_8_bit_depth(tmp_path):
    path = tmp_path / 'd.png'
    Image.fromarray(np.array([[0, 7, 200]], np.uint8)).save(path)
    with pytest.raises(
        ValueError, match=r'd\.png: 8-bit depth \(uint8, values 0 to 200\)'
    ):
        read_depth(path, 1000)
    np.save(tmp_path / 'd.npy', np.array([[True, False]]))
    with pytest.raises(ValueError, match=r'd\.npy: wanted numbers, got bool'):
        read_depth(tmp_path / 'd.npy', 1)


def test_no_depth_map(tmp_path):
    path = tmp_path / 'd.png'
    with pytest.raises(FileNotFoundError, match=r'd\.png: no such depth'):
        read_depth(path, 1)
    path.write_bytes(b'no picture')
    with pytest.raises(ValueError, match=r'd\.png: unreadable depth \(Open'):
        read_depth(path, 1)
    Image.new('RGB', (5, 4)).save(path)
    with pytest.raises(ValueError, match=r'one channel.*shape \(4, 5, 3\)'):
        read_depth(path, 1)
    for name in ('d.npy', 'd.npz'):
        (tmp_path / name).write_bytes(b'no array')
        with pytest.raises(ValueError, match=f'{name}: unreadable depth'):
            read_depth(tmp_path / name, 1)


def test_pickles_are_not_opened(tmp_path):
    path = tmp_path / 'd.npy'
    np.save(path, np.array([{'a': 1}], object), allow_pickle=True)
    with pytest.raises(ValueError, match=r'd\.npy: unreadable.*allow_pickle'):
        read_depth(path, 1)


@pytest.mark.parametrize('shape', [(1, 2, 3), (2, 3, 1), (1, 2, 3, 1)])
@pytest.mark.parametrize('suffix', ['npy', 'npz'])
def test_axes_of_one_channel(tmp_path, shape, suffix):
    path = tmp_path / f'd.{suffix}'
    save = np.save if suffix == 'npy' else np.savez
    save(path, UNITS.reshape(shape))
    check(path, 1, UNITS)
    save(path, np.stack([UNITS, UNITS]))
    with pytest.raises(ValueError, match=r'one channel.*shape \(2, 2, 3\)'):
        read_depth(path, 1)


@pytest.mark.parametrize('orientation', range(1, 9))
def test_depth_is_turned_as_images_are(tmp_path, orientation):
    wanted = turned(UNITS, orientation)
    for name, content in (
        ('d.png', pillow(UNITS, 'PNG', exif=exif(orientation)[6:])),
        (
            'd.tif',
            tiff(UNITS, photometric=1, extra=[(274, 'H', [orientation])]),
        ),
    ):
        (tmp_path / name).write_bytes(content)
        check(tmp_path / name, 1, wanted)


@pytest.mark.parametrize('suffix', ['png', 'tif', 'npy', 'npz'])
@pytest.mark.parametrize('share', [0.5, 0.98])
def test_files_cut_short(tmp_path, suffix, share):
    path = tmp_path / f'd.{suffix}'
    units = np.arange(20_000, dtype=np.uint16).reshape(100, 200)
    if suffix in ('png', 'tif'):
        Image.fromarray(units).save(path)
    else:
        (np.save if suffix == 'npy' else np.savez_compressed)(path, units)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match=rf'd\.{suffix}: unreadable depth'):
        read_depth(path, 1)


def test_sizes_that_a_file_cannot_hold(tmp_path):
    path = tmp_path / 'd.png'
    path.write_bytes(png(b'\0', 16, 0, 60_000, 60_000))
    with pytest.raises(ValueError, match=r'd\.png: unreadable.*60000x60000'):
        read_depth(path, 1)
