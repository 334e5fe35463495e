"""npy and npz files: the header first."""

import struct
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest

from xnet_mm.datasets import array_files
from xnet_mm.datasets.array_files import read_array

VALUES = np.arange(6, dtype=np.float32).reshape(2, 3)


def npy_header(text, version=1):
    text = text.encode() + b'\n'
    length = struct.pack('<H' if version == 1 else '<I', len(text))
    return b'\x93NUMPY' + bytes([version, 0]) + length + text


def claim(shape, dtype='<f4'):
    """The start of a file that says it had this shape."""
    return npy_header(
        f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}}}"
    )


@pytest.mark.parametrize('order', ['C', 'F'])
def test_arrays(tmp_path, order):
    values = np.array(VALUES, order=order)
    np.save(tmp_path / 'a.npy', values)
    np.savez(tmp_path / 'a.npz', other=values + 1, depth=values)
    np.savez_compressed(tmp_path / 'b.npz', values)
    for name in ('a.npy', 'a.npz', 'b.npz'):
        found = read_array(tmp_path / name, 'depth')
        np.testing.assert_array_equal(found, VALUES)


def test_a_header_that_claims_too_much(tmp_path):
    start = claim((60_000, 60_000))
    (tmp_path / 'a.npy').write_bytes(start + bytes(99))
    with ZipFile(tmp_path / 'a.npz', 'w', ZIP_DEFLATED) as archive:
        archive.writestr('depth.npy', start + bytes(99))
    for name in ('a.npy', 'a.npz'):
        with pytest.raises(ValueError, match=r'claims .* there are 99'):
            read_array(tmp_path / name, 'depth')


def test_an_archive_that_fills_the_memory(tmp_path, monkeypatch):
    """Refused by its table of contents; here with a lower bound."""
    monkeypatch.setattr(array_files, 'LARGE', 2**20)
    path = tmp_path / 'a.npz'
    np.savez_compressed(path, np.zeros((1000, 1000), np.float32))
    with pytest.raises(ValueError, match='become 4000128: made to fill the'):
        read_array(path, 'depth')
    noise = np.random.default_rng(0).random((1000, 1000), np.float32)
    np.savez_compressed(path, noise)
    np.testing.assert_array_equal(read_array(path, 'depth'), noise)


def test_the_limit_on_values(tmp_path, monkeypatch):
    np.save(tmp_path / 'a.npy', VALUES)
    monkeypatch.setenv('OPENCV_IO_MAX_IMAGE_PIXELS', '5')
    with pytest.raises(ValueError, match=r'\(2, 3\) values, more than the'):
        read_array(tmp_path / 'a.npy', 'depth')


@pytest.mark.parametrize('version', [1, 2])
def test_a_long_header(tmp_path, version):
    path = tmp_path / 'a.npy'
    path.write_bytes(npy_header(' ' * 20_000, version))
    with pytest.raises(ValueError, match='a header of 20001 bytes, at most'):
        read_array(path, 'depth')


def test_objects_and_other_versions(tmp_path):
    path = tmp_path / 'a.npy'
    np.save(path, np.array([{}], object), allow_pickle=True)
    with pytest.raises(ValueError, match='pickled objects, which could run'):
        read_array(path, 'depth')
    path.write_bytes(b'\x93NUMPY\x03\0' + bytes(99))
    with pytest.raises(ValueError, match=r'npy version \(3, 0\), wanted'):
        read_array(path, 'depth')
