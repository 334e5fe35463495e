"""Pillow's pictures, by the rules of the one reader of files."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from xnet_mm.fileio.images import decode_image
from xnet_mm.fileio.pillow_images import check_dark, from_pillow

RNG = np.random.default_rng(0)
RGB = RNG.integers(256, size=(6, 9, 3), dtype=np.uint8)
RGB[0, 0] = 255


def picture(mode):
    if mode == 'I;16':
        return Image.fromarray(RGB[..., 0].astype(np.uint16) * 200)
    return Image.fromarray(RGB).convert(mode)


@pytest.mark.parametrize('mode', ['RGB', 'RGBA', 'L', 'LA', 'P', '1', 'I;16'])
@pytest.mark.parametrize('orientation', [1, 3, 6, 8])
def test_as_the_reader_of_files(mode, orientation):
    file, exif = BytesIO(), Image.Exif()
    exif[0x0112] = orientation
    picture(mode).save(file, 'png', exif=exif)
    wanted = decode_image(file.getvalue(), 'x')[..., ::-1]
    with Image.open(file) as opened:
        np.testing.assert_array_equal(from_pillow(opened, 'x'), wanted)


def test_an_orientation_that_is_none():
    opened = picture('RGB')
    opened.getexif()[0x0112] = 99
    np.testing.assert_array_equal(from_pillow(opened, 'x'), RGB)


@pytest.mark.parametrize('mode', ['I', 'F'])
def test_values_that_are_no_colours(mode):
    with pytest.raises(ValueError, match=rf'x: float, .*\(mode {mode}\)\. S'):
        from_pillow(picture('L').convert(mode), 'x')


def test_16_bits_that_come_out_dark():
    low = Image.fromarray(RGB[..., 0].astype(np.uint16) * 16)
    with pytest.raises(ValueError, match=r'x: its 16-bit values end at 4095'):
        from_pillow(low, 'x')
    black = Image.fromarray(np.zeros((2, 2), np.uint16))
    assert not from_pillow(black, 'x').any()
    check_dark(np.full((1, 1), 64), 'x')


def test_a_file_that_is_cut_short():
    file = BytesIO()
    picture('RGB').save(file, 'png')
    with (
        Image.open(BytesIO(file.getvalue()[:60])) as opened,
        pytest.raises(ValueError, match=r'x: unreadable image \('),
    ):
        from_pillow(opened, 'x')
