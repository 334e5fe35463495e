"""Predictions by tiles as a user asks for them: arrays, pictures, files."""

import weakref

import cv2
import numpy as np
import pytest
from PIL import Image
from shared_models import (
    KINDS,
    PALETTE,
    load_pair,
    picture,
    save_picture,
    write_pair,
)
from tool_runs import run_tool

import xnet_mm
from xnet_mm.prediction import strips, tiled
from xnet_mm.prediction.tiled import TiledPrediction

RESIZE = [dict(type='Resize', scale=(40, 24), keep_ratio=True)]


@pytest.fixture(scope='module')
def pairs(tmp_path_factory):
    folder = tmp_path_factory.mktemp('models')
    return {kind: write_pair(folder / kind, kind) for kind in KINDS}


def load(pair, tile=64):
    return xnet_mm.load(*pair, device='cpu', tile=tile)


def test_one_tile_is_the_whole_image(pairs):
    image = picture(50, 60)
    for pair in pairs.values():
        found, whole = load(pair)(image), xnet_mm.load(*pair)(image)
        assert isinstance(found, TiledPrediction)
        assert found.size == whole.size == (50, 60)
        for key in ('labels', 'confidence', 'depth'):
            try:
                wanted = getattr(whole, key)
            except AttributeError as error:
                with pytest.raises(AttributeError, match=str(error)[:20]):
                    getattr(found, key)
                continue
            np.testing.assert_array_equal(getattr(found, key), wanted)
        np.testing.assert_array_equal(found.picture(), whole.picture())


def test_tiles_have_the_scale_of_the_image(tmp_path):
    """The pipeline's Resize is for whole images."""
    image = picture(60, 64)
    small = write_pair(tmp_path / 'resize', 'both', steps=RESIZE)
    plain = load_pair(tmp_path / 'plain', 'both')
    found = load(small)(image)
    np.testing.assert_array_equal(found.depth, plain(image).depth)
    np.testing.assert_array_equal(
        found.probabilities(['bed', 0]),
        plain(image).probabilities(['bed', 0]),
    )
    with pytest.raises(ValueError, match=r"there is no 'sky' among the 3"):
        found.probabilities(['sky'])


@pytest.mark.parametrize('saved', [False, True])
def test_all_of_it_made_smaller(pairs, tmp_path, monkeypatch, saved):
    """Each third pixel, and after `save` without the model."""
    monkeypatch.setattr('xnet_mm.prediction.strips.LONGEST', 50)
    found = load(pairs['both'])(picture(90, 150))
    if saved:
        found.save(tmp_path)
        monkeypatch.setattr(found, '_strips', None)
    small = found.reduced()
    if saved:
        monkeypatch.undo()
    assert small.size == (30, 50)
    for key in ('labels', 'confidence', 'depth'):
        wanted = getattr(found, key)[1::3, 1::3]
        np.testing.assert_array_equal(getattr(small, key), wanted)
    with pytest.raises(AttributeError, match='has no probabilities'):
        small.probabilities()


def test_files_arrays_pictures_lists_and_iterators(pairs, tmp_path):
    image = picture(100, 130)
    model = load(pairs['segmentation'])
    path = save_picture(tmp_path / 'a.png', image)
    wanted = model(image).labels
    for item in (path, str(path), Image.fromarray(image)):
        np.testing.assert_array_equal(model(item).labels, wanted)
    listed = model([path, image])
    assert [one.name for one in listed] == ['a', 'image_000002']
    for one in model(iter([path, path])):
        np.testing.assert_array_equal(one.labels, wanted)


def test_a_file_is_not_read_before_it_is_asked_for(pairs, tmp_path):
    path = save_picture(tmp_path / 'a.png', picture(100, 130))
    found = load(pairs['depth'])(path)
    path.write_bytes(path.read_bytes()[:5000])
    assert found.size == (100, 130)
    with pytest.raises(ValueError, match=r'a\.png: unreadable image'):
        found.save(tmp_path / 'out')
    assert not [p for p in (tmp_path / 'out').rglob('*') if p.is_file()]


def test_a_folder_of_maps(pairs, tmp_path):
    path = save_picture(tmp_path / 'a.png', picture(100, 130))
    found = load(pairs['both'])(path)
    out = found.save(tmp_path / 'out')
    labels = cv2.imread(str(out / 'labels' / 'a.png'), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(labels, found.labels)
    depth = cv2.imread(str(out / 'depth' / 'a.png'), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(depth, np.rint(found.depth * 1000))
    drawn = cv2.imread(str(out / 'pictures' / 'a.png'))[..., ::-1]
    np.testing.assert_array_equal(drawn, found.picture())
    assert (out / 'legend.png').exists()
    assert sorted(p.name for p in out.rglob('*.png')) == [
        *['a.png'] * 3,
        'legend.png',
    ]


def test_what_16_bits_cannot_hold_is_counted_and_said(
    pairs, tmp_path, monkeypatch, capsys
):
    found = load(pairs['depth'])(picture(100, 130))
    depth = found.depth
    found.save(tmp_path / 'fits')
    assert 'clipped' not in capsys.readouterr().out
    scale = 65535 / float(np.median(depth))
    monkeypatch.setattr(tiled, 'DEPTH_SCALE', scale)
    number = int((np.rint(depth.astype(float) * scale) > 65535).sum())
    assert 0 < number < depth.size
    for _ in range(2):  # counted anew
        found.save(tmp_path / 'out')
        said = capsys.readouterr().out
        assert f': {number} pixels clipped. A 16-bit file x' in said
        assert "save('NAME.npy') keeps metres" in said


def test_a_picture_and_an_array(pairs, tmp_path):
    found = load(pairs['depth'])(picture(100, 130))
    found.save(tmp_path / 'a.npy')
    np.testing.assert_array_equal(np.load(tmp_path / 'a.npy'), found.depth)
    found.save(tmp_path / 'a.png')
    drawn = cv2.imread(str(tmp_path / 'a.png'))[..., ::-1]
    np.testing.assert_array_equal(drawn, found.picture())


def test_a_geotiff_stays_one(pairs, tmp_path):
    rasterio = pytest.importorskip('rasterio')
    place = dict(
        crs=rasterio.CRS.from_epsg(32632),
        transform=rasterio.transform.from_origin(500_000.0, 5_000_000.0, 1, 1),
    )
    image = picture(100, 130)
    with rasterio.open(
        tmp_path / 'a.tif',
        'w',
        driver='GTiff',
        height=100,
        width=130,
        count=3,
        dtype='uint8',
        **place,
    ) as file:
        file.write(image.transpose(2, 0, 1))
    found = load(pairs['both'])(tmp_path / 'a.tif')
    out = found.save(tmp_path / 'out')
    with rasterio.open(out / 'labels' / 'a.tif') as file:
        assert (file.crs, file.transform) == (*place.values(),)
        np.testing.assert_array_equal(file.read(1), found.labels)
        assert file.colormap(1)[2] == (*PALETTE[2], 255)
    with rasterio.open(out / 'depth' / 'a.tif') as file:
        assert (file.crs, file.transform) == (*place.values(),)
        assert file.dtypes == ('uint16',)
    assert not (out / 'labels' / 'a.png').exists()


def test_the_image_is_not_overwritten(pairs, tmp_path):
    image = picture(70, 70)
    path = save_picture(tmp_path / 'labels' / 'a.png', image)
    found = load(pairs['segmentation'])(path)
    with pytest.raises(ValueError, match='is the image itself'):
        found.save(tmp_path)
    np.testing.assert_array_equal(cv2.imread(str(path))[..., ::-1], image)


def test_what_a_model_does_not_predict(pairs):
    image = picture(70, 70)
    with pytest.raises(AttributeError, match='has no depth: its model'):
        load(pairs['segmentation'])(image).depth  # noqa: B018
    depth = load(pairs['depth'])(image)
    for name in ('labels', 'classes', 'confidence'):
        with pytest.raises(AttributeError, match=f'has no {name}: its model'):
            getattr(depth, name)
    with pytest.raises(AttributeError, match='has no probabilities'):
        depth.probabilities()


def test_the_tool_writes_the_same_files(pairs, tmp_path, monkeypatch):
    image = picture(100, 130)
    save_picture(tmp_path / 'in' / 'sub' / 'a.png', image)
    (tmp_path / 'in' / 'b.png').write_bytes(b'no picture')
    out = tmp_path / 'out'
    with pytest.raises(SystemExit, match=r'Skipped:\n.*b\.png: unreadable'):
        run_tool(
            monkeypatch,
            *('predict.py', *pairs['both'], tmp_path / 'in'),
            *('--out-dir', out, '--tile', '64', '--device', 'cpu'),
        )
    wanted = load(pairs['both'])(image).save(tmp_path / 'wanted')
    for folder in ('labels', 'depth', 'pictures'):
        found = (out / folder / 'sub' / 'a.png').read_bytes()
        (expected,) = (wanted / folder).iterdir()
        assert found == expected.read_bytes()


@pytest.mark.parametrize(
    ('options', 'text'),
    [
        (('--tile', '20'), 'wanted a whole number from 64 to 8192, got'),
        (('--tile', '64', '--depth-scale', '256'), 'not --depth-scale 256'),
        (('--tile', '64', '--npy'), 'no --npy, --intrinsics or --batch-size'),
    ],
)
def test_options_that_do_not_go_with_tiles(
    tmp_path, capsys, monkeypatch, options, text
):
    with pytest.raises(SystemExit):
        run_tool(
            monkeypatch,
            *('predict.py', 'a.py', 'a.pth', tmp_path),
            *('--out-dir', tmp_path / 'out', *options),
        )
    assert text in ' '.join(capsys.readouterr().err.split())


def test_a_strip_is_gone_before_the_next_one_is_made(
    pairs, tmp_path, monkeypatch
):
    """Those of 20,000 pixels have a hundred megabytes each."""
    made, alive = [], []
    plain = strips.Tiler._strip

    def watch(self, *args):
        alive.append(sum(old() is not None for old in made))
        strip = plain(self, *args)
        made.extend(weakref.ref(values) for values in strip.maps.values())
        return strip

    monkeypatch.setattr(strips.Tiler, '_strip', watch)
    load(pairs['both'])(picture(300, 60)).save(tmp_path)
    assert len(alive) == 6 and len(made) == 18
    assert alive == [0] * 6
