"""Rows of pictures: the same pixels as whole ones, by every way."""

import zlib
from itertools import pairwise

import cv2
import numpy as np
import pytest
from PIL import Image

from xnet_mm.fileio import rasters
from xnet_mm.fileio.images import read_image
from xnet_mm.fileio.rasters import (
    ArrayRows,
    RasterRows,
    georeference,
    open_rows,
    write_geotiff_rows,
    write_png_rows,
)

rng = np.random.default_rng(0)
IMAGE = rng.integers(0, 256, (37, 53, 3), np.uint8)


@pytest.fixture
def all_large(monkeypatch):
    monkeypatch.setattr(rasters, 'LARGE', 100)


def read_by_rows(path):
    with open_rows(path) as reader:
        height, _ = reader.size
        cuts = [0, 1, 10, 30, height]
        parts = [reader.rows(a, b) for a, b in pairwise(cuts)]
        return type(reader), np.concatenate(parts)


@pytest.mark.parametrize('name', ['a.png', 'a.tif', 'a.jpg'])
@pytest.mark.parametrize('mode', ['RGB', 'L', 'RGBA', 'P', 'LA'])
def test_rows_are_what_the_whole_picture_is(tmp_path, all_large, name, mode):
    pytest.importorskip('rasterio')
    path = tmp_path / name
    if name.endswith('jpg') and mode in ('RGBA', 'P', 'LA'):
        pytest.skip('no such JPEG')
    Image.fromarray(IMAGE).convert(mode).save(path)
    kind, image = read_by_rows(path)
    np.testing.assert_array_equal(image, read_image(path))
    by_gdal = not name.endswith('jpg') and mode != 'P'
    assert kind is (RasterRows if by_gdal else ArrayRows)


@pytest.mark.parametrize('name', ['a.png', 'a.tif'])
@pytest.mark.parametrize('orientation', [3, 6])
def test_a_turned_picture_is_turned(tmp_path, all_large, name, orientation):
    exif = Image.Exif()
    exif[274] = orientation
    Image.fromarray(IMAGE).save(tmp_path / name, exif=exif)
    kind, image = read_by_rows(tmp_path / name)
    np.testing.assert_array_equal(image, read_image(tmp_path / name))
    assert kind is ArrayRows


def test_sixteen_bits_are_read_as_elsewhere(tmp_path, all_large):
    cv2.imwrite(str(tmp_path / 'a.png'), IMAGE.astype(np.uint16) * 257)
    kind, image = read_by_rows(tmp_path / 'a.png')
    np.testing.assert_array_equal(image, read_image(tmp_path / 'a.png'))
    assert kind is ArrayRows


def test_small_pictures_need_no_gdal(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), IMAGE)
    kind, image = read_by_rows(tmp_path / 'a.png')
    assert kind is ArrayRows
    np.testing.assert_array_equal(image, IMAGE)


def test_a_picture_that_ends_too_early(tmp_path, all_large):
    pytest.importorskip('rasterio')
    path = tmp_path / 'a.tif'
    large = rng.integers(0, 256, (400, 300, 3), np.uint8)
    Image.fromarray(large).save(path)
    path.write_bytes(path.read_bytes()[:200_000])
    with (
        pytest.raises(ValueError, match='unreadable'),
        open_rows(path) as reader,
    ):
        reader.rows(300, 400)


def test_no_file_and_no_picture(tmp_path):
    with (
        pytest.raises(FileNotFoundError, match='no such image'),
        open_rows(tmp_path / 'no.tif'),
    ):
        pass
    (tmp_path / 'a.tif').write_text('nothing')
    with (
        pytest.raises(ValueError, match='unreadable image'),
        open_rows(tmp_path / 'a.tif'),
    ):
        pass


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16])
def test_png_by_rows(tmp_path, dtype):
    values = rng.integers(0, np.iinfo(dtype).max, (41, 23)).astype(dtype)
    values[5:20] = 7
    with write_png_rows(
        tmp_path / 'a.png', (41, 23), np.dtype(dtype)
    ) as writer:
        for top, bottom in ((0, 1), (1, 17), (17, 41)):
            writer.write(values[top:bottom])
    found = cv2.imread(str(tmp_path / 'a.png'), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(found, values)
    assert found.dtype == dtype
    # Pillow checks the sums of the chunks, OpenCV does not.
    np.testing.assert_array_equal(
        np.asarray(Image.open(tmp_path / 'a.png')), values
    )


def test_nothing_half_written(tmp_path):
    with (
        pytest.raises(zlib.error),
        write_png_rows(
            tmp_path / 'a.png', (4, 4), np.dtype(np.uint8)
        ) as writer,
    ):
        writer.write(np.zeros((1, 4), np.uint8))
        raise zlib.error('no')
    assert not [*tmp_path.iterdir()]


def test_a_geotiff_stays_where_it_is(tmp_path):
    rasterio = pytest.importorskip('rasterio')
    from rasterio.transform import from_origin

    place = dict(
        crs=rasterio.CRS.from_epsg(32632),
        transform=from_origin(500_000.0, 5_400_000.0, 0.5, 0.5),
    )
    with rasterio.open(
        tmp_path / 'a.tif',
        'w',
        driver='GTiff',
        height=37,
        width=53,
        count=3,
        dtype='uint8',
        **place,
    ) as file:
        file.write(IMAGE.transpose(2, 0, 1))
    found = georeference(tmp_path / 'a.tif')
    assert found == place
    labels = rng.integers(0, 3, (37, 53), np.uint8)
    palette = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    path = tmp_path / 'out' / 'b.tif'
    with write_geotiff_rows(
        path, (37, 53), np.dtype(np.uint8), found, palette
    ) as writer:
        writer.write(labels[:20])
        writer.write(labels[20:])
    with rasterio.open(path) as file:
        assert (file.crs, file.transform) == (*place.values(),)
        np.testing.assert_array_equal(file.read(1), labels)
        assert file.colormap(1)[1] == (0, 255, 0, 255)
    assert [*path.parent.iterdir()] == [path]


def test_a_picture_that_lies_nowhere(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), IMAGE)
    assert georeference(tmp_path / 'a.png') == {}
    (tmp_path / 'b.tif').write_text('nothing')
    assert georeference(tmp_path / 'b.tif') == {}
