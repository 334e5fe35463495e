"""Images of any channels, whatever file they are in."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from channel_files import noise, tiff_bytes, write_tiff
from PIL import Image

from xnet_mm.datasets.channel_io import (
    image_reader,
    picture_reader,
    read_channels,
    read_image_size,
    to_picture,
)
from xnet_mm.datasets.transforms import LoadImage, LoadMultiChannelImage
from xnet_mm.fileio.images import read_image


def check(path, image):
    """Values as float32 (8 bits as they are), and the size alone."""
    found = read_channels(path)
    is_byte = image.dtype == np.uint8
    assert found.dtype == (np.uint8 if is_byte else np.float32)
    np.testing.assert_array_equal(found, image.astype(found.dtype))
    assert found.flags.c_contiguous
    assert read_image_size(path) == image.shape[1::-1]


@pytest.mark.parametrize('dtype', ['uint8', 'uint16', 'int16', 'float32'])
@pytest.mark.parametrize('channels', [1, 2, 4, 5, 12])
def test_tiff_and_arrays(channels, dtype, tmp_path):
    image = noise(channels, dtype, (13, 17))
    check(write_tiff(tmp_path / 'a.tif', image), image)
    check(write_tiff(tmp_path / 'b.tiff', image, pages=True), image)
    np.save(tmp_path / 'last.npy', image)
    check(tmp_path / 'last.npy', image)
    np.save(tmp_path / 'first.npy', image.transpose(2, 0, 1))
    check(tmp_path / 'first.npy', image)
    np.savez(tmp_path / 'a.npz', image=image, other=image[:2])
    check(tmp_path / 'a.npz', image)
    np.save(tmp_path / 'grey.npy', image[..., 0])
    check(tmp_path / 'grey.npy', image[..., :1])


def test_a_turned_tiff(tmp_path):
    image = noise(5, size=(3, 4))
    path = write_tiff(tmp_path / 'a.tif', image, t274=6)
    check(path, np.rot90(image, -1))


@pytest.mark.parametrize('dtype', ['uint8', 'uint16'])
@pytest.mark.parametrize('channels', [1, 3, 4])
def test_png(channels, dtype, tmp_path):
    """As R, G, B and alpha, which OpenCV writes from B, G, R."""
    image = noise(channels, dtype, (13, 17))
    order = [0] if channels == 1 else [2, 1, 0, 3][:channels]
    cv2.imwrite(str(tmp_path / 'a.png'), image[..., order])
    check(tmp_path / 'a.png', image)


def test_masks_of_yes_and_no(tmp_path):
    image = noise(5, 'uint8', (14, 16)) > 99
    np.save(tmp_path / 'a.npy', image)
    check(tmp_path / 'a.npy', image.astype(np.uint8))


def save(path, array):
    np.save(path, array)
    return path


@pytest.mark.parametrize(
    ('array', 'message'),
    [
        (np.zeros((7, 7, 7)), r'shape \(7, 7, 7\): which axis holds the chan'),
        (np.zeros((2, 7, 7, 3)), r'shape \(2, 7, 7, 3\); wanted \(H, W\)'),
        (np.zeros(5), r'an array of shape \(5,\); wanted'),
        (np.zeros((0, 4, 5)), r'shape \(0, 4, 5\); wanted'),
        (np.zeros((4, 5, 2), complex), r'wanted numbers, got complex128'),
        (np.full((4, 5, 2), np.nan), r'40 of 40 values are NaN, infinite'),
        (np.full((4, 5, 1), 1e300), r'20 of 20 values are NaN, .*float32'),
        (np.array([[dict()]]), r'unreadable array \(pickled objects, which'),
    ],
)
def test_arrays_that_are_no_image(array, message, tmp_path):
    np.save(tmp_path / 'a.npy', array)
    with pytest.raises(ValueError, match=rf'a\.npy: .*{message}'):
        read_channels(tmp_path / 'a.npy')


def test_files_that_are_no_image(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'nowhere\.tif: no such im'):
        read_channels(tmp_path / 'nowhere.tif')
    for name, content in (
        ('cut.tif', tiff_bytes(noise(5))[:-40]),
        ('text.tif', b'no image'),
        ('empty.png', b''),
        ('empty.npy', b''),
        ('cut.npz', b'PK\x03\x04no more'),
    ):
        (tmp_path / name).write_bytes(content)
        for read in (read_channels, read_image_size):
            with pytest.raises(ValueError, match=rf'{name}: unreadable'):
                read(tmp_path / name)


def test_what_reads_a_file_is_the_loader(tmp_path):
    loader = LoadMultiChannelImage(channels=(3, 1), shown=(1,))
    image = noise(5, 'uint8', (4, 6))
    path = write_tiff(tmp_path / 'a.tif', image)
    found = image_reader([loader])(path)
    np.testing.assert_array_equal(found, image[..., [3, 1]])
    shown = picture_reader([loader])(path)
    np.testing.assert_array_equal(shown, image[..., [1, 1, 1]])
    for transforms in ([], [LoadImage()]):
        assert image_reader(transforms) is read_image
        assert picture_reader(transforms) is read_image


def test_pictures():
    """8 bits as they are; others from the 2nd to the 98th percentile."""
    image = noise(3, 'uint8', (4, 6))
    np.testing.assert_array_equal(to_picture(image), image[..., ::-1])
    ramp = np.linspace(500, 1500, 101, dtype=np.float32).reshape(1, 101, 1)
    grey = to_picture(ramp)
    assert grey.shape == (1, 101, 3) and grey.dtype == np.uint8
    # 520 is black, 1480 white, 1000 in the middle: 255 / 2 = 127.5.
    assert grey[0, [0, 2, 26, 50, 98, 100], 0].tolist() == [
        *(0, 0, 64, 128, 255, 255)
    ]
    assert to_picture(np.full((2, 2, 3), 7, np.float32)).max() == 0


def test_the_reader_of_pictures_names_the_loader(tmp_path):
    for name, image in (
        ('five.tif', noise(5)),
        ('floats.tif', noise(1, 'float32')),
        ('infrared.tif', noise(1)),
    ):
        path = write_tiff(tmp_path / name, image)
        with pytest.raises(
            ValueError, match=rf'{name}: .* xnet_mm\.LoadMultiChannelImage$'
        ):
            read_image(path)


def test_sizes_of_pictures_are_as_before(tmp_path):
    Image.new('RGB', (9, 4)).save(tmp_path / 'a.jpg')
    Image.new('L', (9, 4)).save(tmp_path / 'a.tif')
    for name in ('a.jpg', 'a.tif'):
        assert read_image_size(Path(tmp_path, name)) == (9, 4)
