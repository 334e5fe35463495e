"""Every reader of the package gives the same pixels, or an error."""

import re
import runpy
import warnings
from pathlib import Path

import cv2
import numpy as np
import picture_files
import pytest
from picture_files import RGB, pillow, png, png_rows
from PIL import Image

from xnet_mm.fileio import images
from xnet_mm.fileio.images import (
    check_picture,
    open_picture,
    read_image,
    read_size,
)

REPO = Path(__file__).resolve().parents[2]
EXACT = picture_files.exact_files()
LOSSY = picture_files.lossy_files()
REFUSED = picture_files.refused_files()


@pytest.fixture(scope='module')
def exported():
    """The reader of tools/predict_exported.py, which has no OpenCV."""
    tool = runpy.run_path(str(REPO / 'tools/predict_exported.py'))
    return tool['read_image']


@pytest.fixture
def write(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize('name', EXACT)
def test_what_is_stored_is_what_is_read(name, write, exported):
    content, wanted = EXACT[name]
    path = write(name, content)
    image = read_image(path)
    assert image.dtype == np.uint8 and image.flags.c_contiguous
    np.testing.assert_array_equal(image[..., ::-1], wanted)
    np.testing.assert_array_equal(exported(path), wanted)
    assert read_size(path) == wanted.shape[1::-1]


@pytest.mark.parametrize('name', LOSSY)
def test_ordinary_pictures_are_opencvs(name, write, exported):
    path = write(name, LOSSY[name])
    image = read_image(path)
    np.testing.assert_array_equal(image, cv2.imread(str(path)))
    np.testing.assert_array_equal(exported(path), image[..., ::-1])
    assert read_size(path) == image.shape[1::-1]


def test_inks_are_turned_into_light(write, exported):
    inks = pillow(Image.fromarray(RGB).convert('CMYK'), 'JPEG', quality=100)
    path = write('inks.jpg', inks)
    image = read_image(path)[..., ::-1]
    assert np.abs(image.astype(int) - RGB).mean() < 2
    np.testing.assert_array_equal(exported(path), image)


@pytest.mark.parametrize('name', REFUSED)
def test_what_cannot_be_read_rightly(name, write, exported):
    content, text = REFUSED[name]
    path = write(name, content)
    with pytest.raises(ValueError, match=text) as error:
        read_image(path)
    assert str(path) in str(error.value)
    with pytest.raises((ValueError, OSError), match=text):
        exported(path)


def test_sixteen_bits_that_are_black_are_a_black_picture(write, exported):
    black = np.zeros((4, 5), np.uint16)
    for name, content in (
        ('a.png', cv2.imencode('.png', black)[1].tobytes()),
        ('a.tif', pillow(black, 'TIFF')),
    ):
        path = write(name, content)
        assert not read_image(path).any() and not exported(path).any()


def test_previews_of_a_tiff_are_no_pages(write, exported):
    preview = Image.fromarray(RGB[::2, ::2].copy())
    preview.encoderinfo = dict(tiffinfo={254: 1})
    pages = dict(save_all=True, append_images=[preview])
    path = write('overview.tif', pillow(RGB, 'TIFF', **pages))
    with Image.open(path) as picture:
        assert picture.n_frames == 2
    np.testing.assert_array_equal(read_image(path)[..., ::-1], RGB)
    np.testing.assert_array_equal(exported(path), RGB)


BIG = picture_files.make_rgb(200, 300)
WHOLE = {
    'a.jpg': pillow(BIG, 'JPEG'),
    'progressive.jpg': pillow(BIG, 'JPEG', progressive=True),
    'a.png': pillow(BIG, 'PNG'),
    'a.tif': pillow(BIG, 'TIFF'),
    'lzw.tif': pillow(BIG, 'TIFF', compression='tiff_lzw'),
    'tags.tif': picture_files.tiff(BIG),
    'a.bmp': pillow(BIG, 'BMP'),
    'a.webp': pillow(BIG, 'WEBP'),
    'a.jp2': pillow(BIG, 'JPEG2000'),
    'a.ppm': pillow(BIG, 'PPM'),
    'a.gif': pillow(BIG, 'GIF'),
}


@pytest.mark.parametrize('name', WHOLE)
def test_half_a_file_is_never_half_a_picture(name, write, exported):
    whole = WHOLE[name]
    for share in (0.01, 0.3, 0.6, 0.9, 0.995):
        path = write(name, whole[: int(len(whole) * share)])
        with pytest.raises(ValueError, match=re.escape(str(path))):
            read_image(path)
        with pytest.raises((ValueError, OSError, SyntaxError)):
            exported(path)


@pytest.mark.parametrize('name', ['a.jpg', 'progressive.jpg', 'a.png'])
def test_a_copy_that_broke_off_and_left_zeros(name, write, exported):
    whole = WHOLE[name]
    half = len(whole) // 2
    path = write(name, whole[:half] + bytes(len(whole) - half))
    with pytest.raises(ValueError, match='cut short'):
        read_image(path)
    with pytest.raises((ValueError, OSError, SyntaxError)):
        exported(path)


@pytest.mark.parametrize('orientation', [1, 3, 6])
@pytest.mark.parametrize('share', [0.4, 0.9])
def test_a_jpeg_cut_short_whose_end_was_added(
    write, exported, share, orientation
):
    block = picture_files.exif(orientation)
    whole = pillow(BIG, 'JPEG', exif=block)
    cut = whole[: int(len(whole) * share)].rstrip(b'\xff') + b'\xff\xd9'
    path = write('a.jpg', cut)
    with pytest.raises(ValueError, match='cut short: this JPEG ends before'):
        read_image(path)
    with pytest.raises(ValueError, match='cut short before its last row'):
        exported(path)


@pytest.mark.parametrize('rows', [0, 100, 200])
def test_grey_below_a_picture_is_a_picture(write, exported, rows):
    """128 everywhere, as it is put around pictures of another shape."""
    padded = BIG.copy()
    padded[rows:] = 128
    path = write('a.jpg', pillow(padded, 'JPEG'))
    image = read_image(path)
    np.testing.assert_array_equal(image, cv2.imread(str(path)))
    np.testing.assert_array_equal(exported(path), image[..., ::-1])


def test_a_thumbnails_end_is_not_the_pictures(write):
    thumbnail = pillow(BIG[::8, ::8].copy(), 'JPEG')
    plain = pillow(BIG, 'JPEG')
    block = b'\xff\xe5' + (len(thumbnail) + 2).to_bytes(2, 'big') + thumbnail
    whole = plain[:2] + block + plain[2:]
    read_image(write('a.jpg', whole))
    path = write('b.jpg', whole[: len(whole) * 3 // 4])
    with pytest.raises(ValueError, match=r'about \d+ of 200 rows'):
        read_image(path)


def test_rows_that_are_there(write):
    noise = np.random.default_rng(0).integers(256, size=(400, 64, 3))
    whole = pillow(noise.astype(np.uint8), 'JPEG', quality=90)
    path = write('a.jpg', whole[: len(whole) // 2])
    with pytest.raises(ValueError, match='cut short: about') as error:
        read_image(path)
    rows = int(re.search(r'about (\d+) of 400 rows', str(error.value))[1])
    assert 180 <= rows <= 220


def test_sizes_that_a_file_cannot_hold(write, exported):
    jpeg = bytearray(WHOLE['a.jpg'])
    at = jpeg.find(b'\xff\xc0') + 5
    jpeg[at : at + 4] = (20_000).to_bytes(2, 'big') * 2
    bomb = bytearray(pillow(RGB, 'BMP'))
    bomb[18:26] = (30_000).to_bytes(4, 'little') * 2
    for name, content in (
        ('a.png', png(png_rows(RGB), 8, 2, 60_000, 60_000)),
        ('b.png', png(png_rows(RGB), 8, 2, 20_000, 20_000)),
        ('a.jpg', bytes(jpeg)),
        ('a.bmp', bytes(bomb)),
    ):
        path = write(name, content)
        with pytest.raises(ValueError, match=f'{name}: .*bytes can hold'):
            read_image(path)
        with pytest.raises(ValueError, match=r'than its bytes can hold|limit'):
            exported(path)


def test_a_limit_that_can_be_raised(write, exported, monkeypatch):
    path = write('a.png', EXACT['rgb.png'][0])
    monkeypatch.setenv('OPENCV_IO_MAX_IMAGE_PIXELS', '1000')
    text = 'set OPENCV_IO_MAX_IMAGE_PIXELS=1961 in the environment'
    with pytest.raises(ValueError, match=text):
        read_image(path)
    with pytest.raises(ValueError, match='OPENCV_IO_MAX_IMAGE_PIXELS'):
        exported(path)
    assert read_size(path) == (53, 37)  # the header has no limit
    monkeypatch.setenv('OPENCV_IO_MAX_IMAGE_PIXELS', '1961')
    assert read_image(path).shape == exported(path).shape
    monkeypatch.setenv('OPENCV_IO_MAX_IMAGE_PIXELS', 'many')
    with pytest.raises(ValueError, match="='many' in the environment, want"):
        read_image(path)


def test_pillows_limit_does_not_stop_large_pictures(write, monkeypatch):
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 100)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        for name in ('rgb.png', 'rgb.tif', 'palette.gif', 'alpha.webp'):
            content, wanted = EXACT[name]
            path = write(name, content)
            assert read_size(path) == (53, 37)
            assert read_image(path).shape == wanted.shape
            with open_picture(path) as picture:
                picture.load()
    assert Image.MAX_IMAGE_PIXELS == 100  # other code keeps it
    assert images._users == [0]


def test_folders_and_names_without_a_file(tmp_path):
    (tmp_path / 'x.png').mkdir()
    for read in (read_image, read_size):
        with pytest.raises(ValueError, match=r'x\.png: a folder'):
            read(tmp_path / 'x.png')
        with pytest.raises(FileNotFoundError, match=r'no\.png: no such image'):
            read(tmp_path / 'no.png')


def test_the_header_for_other_readers():
    content, _ = EXACT['turned6.png']
    assert check_picture(content, 'a.png') == 6
    assert check_picture(EXACT['turned3.tif'][0], 'a.tif') == 1  # done
    assert check_picture(b'v/1\x01 an EXR', 'a.exr') == 1
    with pytest.raises(ValueError, match=r'a\.png: .*cut short'):
        check_picture(content[:-20], 'a.png')
