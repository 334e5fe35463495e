"""What is written of a depth map, and the options of that."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from xnet_mm.prediction.depth import (
    DepthWriter,
    model_max_depth,
    parse_intrinsics,
)
from xnet_mm.visualization.depth_colours import colour_depth
from xnet_mm.visualization.panels import GAP, ROW

IMAGE = np.random.default_rng(0).integers(256, size=(30, 40, 3), dtype='u1')


def sample(depth, **meta):
    found = SegDataSample(metainfo=meta)
    data = torch.as_tensor(depth, dtype=torch.float32)[None]
    found.set_data(dict(pred_depth_map=PixelData(data=data)))
    return found


def slope(near, far, size=(30, 40)):
    return np.linspace(near, far, size[0] * size[1]).reshape(size)


def panel(picture, size=(30, 40)):
    """The prediction's panel of image | depth."""
    left = size[1] + GAP
    return picture[ROW : ROW + size[0], left : left + size[1]]


def painted(depth, *limits):
    return colour_depth(depth.astype('f4'), *limits)[..., ::-1]


def files(folder):
    return {str(p.relative_to(folder)) for p in folder.rglob('*.*')}


def test_millimetres_and_the_picture(tmp_path):
    depth = slope(1, 9)
    picture = DepthWriter(tmp_path, 10.0).write('s/a', IMAGE, sample(depth))
    units = cv2.imread(str(tmp_path / 'depth/s/a.png'), -1)
    assert units.dtype == np.uint16
    assert np.abs(units - 1000 * depth).max() <= 0.5 + 1e-3
    assert files(tmp_path) == {'depth/s/a.png'}  # nothing else was asked for
    shown = picture[ROW : ROW + 30, :40]
    np.testing.assert_array_equal(shown, IMAGE)
    np.testing.assert_array_equal(panel(picture), painted(depth, 0, 10))


def test_all_files_of_a_crop(tmp_path):
    """Colours are the crop's, points are where the camera sees them."""
    writer = DepthWriter(
        tmp_path, 10.0, scale=256, npy=True, intrinsics=(20.0, 25.0, 19.5, 14)
    )
    depth = slope(1, 9, (20, 30))
    writer.write('a', IMAGE, sample(depth, crop_box=(4, 6, 20, 30)))
    assert files(tmp_path) == {'depth/a.png', 'npy/a.npy', 'clouds/a.ply'}
    metres = np.load(tmp_path / 'npy/a.npy')
    np.testing.assert_allclose(metres, depth, rtol=1e-6)
    units = cv2.imread(str(tmp_path / 'depth/a.png'), -1)
    assert np.abs(units - 256 * depth).max() <= 0.5 + 1e-3
    data = (tmp_path / 'clouds/a.ply').read_bytes().split(b'end_header\n')[1]
    rows = np.frombuffer(data, 'u1').reshape(20, 30, 15)
    points = rows[..., :12].copy().view('<f4')
    v, u = np.mgrid[4:24, 6:36]
    np.testing.assert_allclose(
        points,
        np.stack([(u - 19.5) * depth / 20, (v - 14) * depth / 25, depth], -1),
        rtol=1e-4,
        atol=1e-5,
    )
    np.testing.assert_array_equal(rows[..., 12:], IMAGE[4:24, 6:36, ::-1])


def test_edges_are_left_out_of_a_cloud(tmp_path):
    depth = np.where(np.arange(40) < 20, 2.0, 4.0) * np.ones((30, 1))
    for name, drop in (('all', False), ('some', True)):
        writer = DepthWriter(
            tmp_path, 10.0, intrinsics=(20, 20, 20, 15), drop_edges=drop
        )
        writer.write(name, IMAGE, sample(depth))
    sizes = [
        len((tmp_path / f'clouds/{n}.ply').read_bytes().split(b'header\n')[1])
        for n in ('all', 'some')
    ]
    # The two columns at the jump are gone.
    assert sizes == [15 * 30 * 40, 15 * 30 * 38]


@pytest.mark.parametrize('steady', [False, True])
def test_a_video_keeps_the_first_range(tmp_path, steady):
    writer = DepthWriter(tmp_path, 10.0, colours='percentile', steady=steady)
    first, second = slope(1, 3), slope(2, 8)
    writer.write('a', IMAGE, sample(first))
    picture = writer.write('b', IMAGE, sample(second))
    limits = np.percentile((first if steady else second).astype('f4'), [2, 98])
    found = panel(picture).astype(int)
    assert np.abs(found - painted(second, *limits)).max() <= 4
    other = np.percentile((second if steady else first).astype('f4'), [2, 98])
    assert np.abs(found - painted(second, *other)).max() > 20


def test_what_does_not_fit_is_said(tmp_path, capsys):
    writer = DepthWriter(tmp_path, 70.0)
    assert 'max_depth 70 m does not fit: ' in capsys.readouterr().out
    depth = np.full((30, 40), 5.0)
    depth[0, :3] = 66
    writer.write('a', IMAGE, sample(depth))
    writer.close()
    assert 'Warning: 3 pixels clipped. ' in capsys.readouterr().out
    fits = DepthWriter(tmp_path, 65.0)
    fits.write('b', IMAGE, sample(np.full((30, 40), 5.0)))
    fits.close()
    assert capsys.readouterr().out == ''


def test_predictions_that_cannot_be_written(tmp_path):
    writer = DepthWriter(tmp_path, 10.0)
    message = r'a: the image has \(30, 40\) pixels.*\(20, 30\).*`crop_box`'
    with pytest.raises(ValueError, match=message):
        writer.write('a', IMAGE, sample(slope(1, 2, (20, 30))))
    with pytest.raises(ValueError, match=r'^a: 1200 of 1200 .* NaN or inf'):
        writer.write('a', IMAGE, sample(slope(1, np.nan)))
    assert files(tmp_path) == set()


def test_the_range_is_the_datas_then_the_heads():
    head = SimpleNamespace(max_depth=11.0)
    model = SimpleNamespace(decode_head=head)
    predictor = SimpleNamespace(model=model, meta=dict(max_depth=10.0))
    assert model_max_depth(predictor) == 10
    predictor.meta = {}
    assert model_max_depth(predictor) == 11
    predictor.model = SimpleNamespace()
    assert model_max_depth(predictor) is None


@pytest.mark.parametrize('text', ['1,2,3', 'a,b,c,d', '0,1,2,3', '1,2,3,4,5'])
def test_bad_intrinsics(text):
    with pytest.raises(ValueError, match='wanted fx,fy,cx,cy in pixels, or'):
        parse_intrinsics(text)
    assert parse_intrinsics('1,2,3.5,4') == (1, 2, 3.5, 4)


def test_intrinsics_of_a_file_also_with_a_comma_in_its_name(tmp_path):
    file = tmp_path / 'K,1.txt'
    file.write_text('60 0 30.5\n0 50 21.25\n0 0 1\n')
    assert parse_intrinsics(str(file)) == (60, 50, 30.5, 21.25)
