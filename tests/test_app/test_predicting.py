"""A picture's file in; what the package says of it out."""

import zipfile

import numpy as np
import pytest
from PIL import Image
from shared_models import load_pair, picture, save_picture, write_pair

import xnet_mm
from xnet_mm.app import predicting as module
from xnet_mm.app.predicting import BadPictureError, most_pixels, predict_file


@pytest.fixture(scope='module')
def model(tmp_path_factory):
    return load_pair(tmp_path_factory.mktemp('both'), 'both')


def predict(model, path):
    return predict_file(model, path, path.with_name('files.zip'))


def test_it_is_what_the_model_says(model, tmp_path):
    path = save_picture(tmp_path / 'up/a b.png', picture(48, 80))
    result = predict(model, path)
    wanted = model(path)
    assert result.name == 'a b'
    np.testing.assert_array_equal(result.view.labels, wanted.labels)
    np.testing.assert_array_equal(result.view.depth, wanted.depth)
    wanted.save(tmp_path / 'wanted')
    files = {
        file.relative_to(tmp_path / 'wanted').as_posix(): file.read_bytes()
        for file in (tmp_path / 'wanted').rglob('*.png')
    }
    assert {'labels/a b.png', 'depth/a b.png', 'legend.png'} <= {*files}
    with zipfile.ZipFile(result.archive) as packed:
        assert {n: packed.read(n) for n in packed.namelist()} == files
    assert {p.name for p in path.parent.iterdir()} == {'a b.png', 'files.zip'}


def test_a_photo_is_turned(model, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn right
    path = tmp_path / 'a.jpg'
    Image.fromarray(picture(48, 80)).save(path, exif=exif, quality=95)
    view = predict(model, path).view
    assert view.size == view.predicted == (80, 48)
    np.testing.assert_array_equal(view.labels, model(path).labels)


def test_16_bits_and_transparency(model, tmp_path):
    deep = np.random.default_rng(0).integers(0, 2**16, (48, 80), np.uint16)
    Image.fromarray(deep).save(tmp_path / 'a.tif')
    rgba = np.dstack([picture(48, 80), picture(48, 80, 1)[..., 0]])
    Image.fromarray(rgba).save(tmp_path / 'b.png')
    for name in ('a.tif', 'b.png'):
        view = predict(model, tmp_path / name).view
        wanted = model(tmp_path / name)
        np.testing.assert_array_equal(view.labels, wanted.labels)
    np.testing.assert_array_equal(view.image, rgba[..., :3])


def test_a_large_picture_is_made_smaller(model, tmp_path, monkeypatch):
    monkeypatch.setattr(module, 'MOST_PREDICTED', 48 * 80)
    path = save_picture(tmp_path / 'a.png', picture(96, 160))
    result = predict(model, path)
    assert result.view.size == (96, 160)
    assert result.view.predicted == (48, 80)
    means = picture(96, 160).reshape(48, 2, 80, 2, 3).mean((1, 3))
    np.testing.assert_allclose(result.view.image, means, atol=0.51)
    with zipfile.ZipFile(result.archive) as packed:
        assert 'labels/a.png' in packed.namelist()


def test_pixels_go_down_where_classes_are_many():
    assert most_pixels(0) == most_pixels(11) == module.MOST_PREDICTED
    assert most_pixels(1000) == module.MOST_SCORES / 1000


@pytest.mark.parametrize('kind', ['segmentation', 'both'])
def test_by_tiles(tmp_path, kind):
    pair = write_pair(tmp_path, kind)
    model = xnet_mm.load(*pair, device='cpu', tile=64)
    path = save_picture(tmp_path / 'up/a.png', picture(100, 150))
    result = predict(model, path)
    wanted = model(path)
    np.testing.assert_array_equal(result.view.labels, wanted.labels)
    np.testing.assert_allclose(
        result.view.confidence / 255, wanted.confidence, atol=0.5 / 255 + 1e-6
    )
    if kind == 'both':
        np.testing.assert_array_equal(result.view.depth, wanted.depth)
    with zipfile.ZipFile(result.archive) as packed:
        assert 'labels/a.png' in packed.namelist()


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>x()</script></svg>'


@pytest.mark.parametrize(
    ('name', 'content', 'message'),
    [
        ('a.svg', SVG, '^a.svg: unreadable image'),
        ('a.png', SVG, '^a.png: unreadable image'),
        ('a.html', b'<!doctype html><p>x', '^a.html: unreadable image'),
        ('a.jpg', b'\xff\xd8\xff\xe0' + bytes(9), '^a.jpg: unreadable image'),
        ('a.mp4', b'', '^a.mp4: a video. This page takes pictures'),
        ('a.npy', b'\x93NUMPY', '^a.npy: unreadable image'),
    ],
)
def test_no_picture(model, tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadPictureError, match=message) as raised:
        predict(model, path)
    assert str(tmp_path) not in str(raised.value)
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_too_many_pixels(model, tmp_path, monkeypatch):
    monkeypatch.setattr(module, 'MOST_PIXELS', 3000)
    path = save_picture(tmp_path / 'a.png', picture(48, 80))
    with pytest.raises(BadPictureError, match=r'^a\.png has 80×48 pixels'):
        predict(model, path)


def test_out_of_memory(model, tmp_path, monkeypatch):
    def fail(*args):
        raise MemoryError

    monkeypatch.setattr(module, '_predict', fail)
    with pytest.raises(BadPictureError, match=r'^a\.png: out of memory\. Ta'):
        predict(model, tmp_path / 'a.png')


def test_a_defect_passes_through(model, tmp_path, monkeypatch):
    monkeypatch.setattr(module, '_predict', lambda *args: [][1])
    with pytest.raises(IndexError):
        predict(model, tmp_path / 'a.png')
