"""What a file says of itself, and what it cannot hold."""

import numpy as np
import pytest
from picture_files import RGB, exif, pillow, turned

from xnet_mm.fileio.image_headers import (
    check_limit,
    check_pixels,
    read_header,
    turn,
)


@pytest.mark.parametrize('orientation', range(10))
def test_orientations_are_pillows(orientation):
    np.testing.assert_array_equal(
        turn(RGB, orientation), turned(RGB, orientation)
    )
    np.testing.assert_array_equal(
        turn(RGB[..., 0], orientation), turned(RGB, orientation)[..., 0]
    )


def test_what_headers_say():
    jpeg = read_header(pillow(RGB, 'JPEG'), 'a')
    assert jpeg == ('JPEG', (53, 37), True, 1)
    inks = pillow(RGB[..., [0, 1, 2, 2]].copy(), 'TIFF')
    assert read_header(inks, 'a') is None
    assert read_header(pillow(RGB, 'PNG'), 'a') == ('PNG', (53, 37), True, 1)
    turned_png = pillow(RGB, 'PNG', exif=exif(6)[6:])
    assert read_header(turned_png, 'a') == ('PNG', (53, 37), False, 1)


def test_markers_that_need_not_be_there():
    plain = pillow(RGB, 'JPEG')
    filled = plain[:2] + b'\xff\xff\xff' + plain[2:]
    assert read_header(filled, 'a') == read_header(plain, 'a')
    with pytest.raises(ValueError, match='without a picture'):
        read_header(plain[:2] + b'\xff\xff\xff', 'a.jpg')
    with pytest.raises(ValueError, match='without a picture'):
        read_header(b'\xff\xd8\xff\xd9', 'a.jpg')


@pytest.mark.parametrize('start', [b'II*\0', b'MM\0*'])
def test_a_tiff_without_its_tags(start):
    with pytest.raises(ValueError, match=r'a\.tif: .*without its table of'):
        read_header(start + b'\x01\x01\x01\x01' + bytes(20), 'a.tif')


def test_satellites_and_bombs():
    check_pixels((20_000, 20_000), 'PNG', 1_200_000, 'a.png')
    check_pixels((20_000, 20_000), 'TIFF', 1_200_000_000, 'a.tif')
    check_pixels((16_383, 16_383), 'WEBP', 60, 'a.webp')
    with pytest.raises(ValueError, match=r'a\.png: .* 60000x60000 pixels, mo'):
        check_pixels((60_000, 60_000), 'PNG', 400, 'a.png')
    with pytest.raises(
        ValueError, match=r'limit of 1073741824\. If .*3600000'
    ):
        check_pixels((60_000, 60_000), 'PNG', 11_000_000, 'a.png')


def test_the_limit(monkeypatch):
    check_limit(2**30, 'a')
    monkeypatch.setenv('OPENCV_IO_MAX_IMAGE_PIXELS', str(2**32))
    check_limit(2**32, 'a')
    with pytest.raises(ValueError, match=f'a, more than the limit of {2**32}'):
        check_limit(2**32 + 1, 'a')
