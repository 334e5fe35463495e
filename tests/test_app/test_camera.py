"""Angles by hand: of film, of Exif, of nothing."""

import numpy as np
import pytest
from PIL import Image

from xnet_mm.app.camera import USUAL, camera_of, read_view_angle


def photo(path, focal=None, size=(60, 40)):
    exif = Image.Exif()
    if focal is not None:
        exif.get_ifd(0x8769)[0xA405] = focal
    Image.new('RGB', size).save(path, exif=exif)
    return path


@pytest.mark.parametrize(
    ('focal', 'size', 'angle'),
    [
        # Film itself: 36 mm wide, so 2 atan(18 / f).
        (18, (60, 40), 90.0),
        (36, (60, 40), 53.1301),
        # 4:3 has the diagonal of film, 43.267 mm: 34.613 mm wide.
        (26, (80, 60), 67.2987),
        (26, (60, 80), 53.0595),
    ],
)
def test_of_exif(tmp_path, focal, size, angle):
    path = photo(tmp_path / 'a.jpg', focal, size)
    found, is_known = read_view_angle(path, size[1], size[0])
    assert is_known and found == pytest.approx(angle, abs=1e-3)


@pytest.mark.parametrize('focal', [None, 0, 60000])
def test_a_usual_one(tmp_path, focal):
    path = photo(tmp_path / 'a.jpg', focal)
    assert read_view_angle(path, 40, 60) == (USUAL, False)


def test_no_picture_is_no_error(tmp_path):
    np.save(tmp_path / 'a.npy', np.zeros((4, 6, 5)))
    assert read_view_angle(tmp_path / 'a.npy', 4, 6) == (USUAL, False)


def test_camera():
    assert camera_of(90, 100, 200) == pytest.approx((100, 100, 99.5, 49.5))


@pytest.mark.parametrize('angle', [4.9, 151, float('nan'), float('inf')])
def test_no_such_angle(angle):
    with pytest.raises(ValueError, match='wanted 5° to 150°'):
        camera_of(angle, 100, 200)
