"""tools/predict.py with a depth model, from the outside."""

from functools import partial

import cv2
import numpy as np
import pytest
from tiny_depth import depth_of, make_image, write_run
from tool_runs import run_tool

from xnet_mm.visualization.depth_colours import colour_depth
from xnet_mm.visualization.panels import GAP, ROW

CAMERA = (60.0, 50.0, 30.5, 21.25)


@pytest.fixture
def run(monkeypatch):
    return partial(run_tool, monkeypatch, 'predict.py')


def read_cloud(path):
    rows = np.frombuffer(path.read_bytes().split(b'end_header\n')[1], 'u1')
    rows = rows.reshape(-1, 15)
    return rows[:, :12].copy().view('<f4'), rows[:, 12:]


def points_by_hand(image, depth, camera, top=0, left=0):
    fx, fy, cx, cy = camera
    v, u = np.mgrid[: depth.shape[0], : depth.shape[1]]
    x, y = (u + left - cx) * depth / fx, (v + top - cy) * depth / fy
    return np.stack([x, y, depth], -1).reshape(-1, 3), image[..., ::-1]


def test_predict_a_folder(tmp_path, run, capfd):
    config, checkpoint = write_run(tmp_path)
    wide = make_image(40, 96, seed=9)
    cv2.imwrite(str(tmp_path / 'rgb' / 'wide.png'), wide)
    (tmp_path / 'K.txt').write_text('60 0 30.5\n0 50 21.25\n0 0 1\n')
    out = tmp_path / 'out'
    run(
        *(config, checkpoint, tmp_path / 'rgb'),
        *('--out-dir', out, '--npy', '--intrinsics', tmp_path / 'K.txt'),
        *('--batch-size', 2, '--device', 'cpu'),
    )
    assert f'Depth maps and pictures: {out}' in capfd.readouterr().out
    names = ['a/0', 'a/1', 'b/0', 'b/1', 'wide']
    found = {str(p.relative_to(out)) for p in out.rglob('*') if p.is_file()}
    assert found == {
        f'{folder}/{name}.{suffix}'
        for folder, suffix in (
            ('depth', 'png'),
            ('npy', 'npy'),
            ('clouds', 'ply'),
            ('pictures', 'png'),
        )
        for name in names
    }
    for name in names:
        image = cv2.imread(str(tmp_path / 'rgb' / f'{name}.png'))
        expected = depth_of(image)
        units = cv2.imread(str(out / 'depth' / f'{name}.png'), -1)
        assert units.dtype == np.uint16
        assert np.abs(units - expected * 1000.0).max() <= 0.5 + 1e-3
        metres = np.load(out / 'npy' / f'{name}.npy', allow_pickle=False)
        assert metres.dtype == np.float32
        np.testing.assert_allclose(metres, expected, rtol=1e-6)
        points, colours = read_cloud(out / 'clouds' / f'{name}.ply')
        wanted, rgb = points_by_hand(image, expected, CAMERA)
        np.testing.assert_allclose(points, wanted, rtol=1e-5, atol=1e-5)
        assert np.array_equal(colours, rgb.reshape(-1, 3))
        picture = cv2.imread(str(out / 'pictures' / f'{name}.png'))
        height, width = expected.shape
        assert np.array_equal(picture[ROW : ROW + height, :width], image)
        panel = picture[ROW : ROW + height, width + GAP :]
        colours = colour_depth(metres, 0, 10)[..., ::-1]
        assert np.array_equal(panel, colours)


def test_predict_after_a_crop(tmp_path, run):
    """KBCrop: outputs are the crop's, in the coordinates of the camera."""
    config, checkpoint = write_run(tmp_path, [dict(type='xnet_mm.KBCrop')])
    image = make_image(375, 1242)
    source, out = tmp_path / 'kitti.png', tmp_path / 'out'
    cv2.imwrite(str(source), image)
    camera = (721.5, 720.5, 609.5, 172.75)
    run(
        *(config, checkpoint, source, '--out-dir', out),
        *('--intrinsics', ','.join(map(str, camera)), '--device', 'cpu'),
    )
    cropped = image[23:, 13 : 13 + 1216]
    units = cv2.imread(str(out / 'depth' / 'kitti.png'), -1)
    assert np.abs(units - depth_of(cropped) * 1000.0).max() <= 0.5 + 1e-3
    points, colours = read_cloud(out / 'clouds' / 'kitti.ply')
    wanted, rgb = points_by_hand(cropped, depth_of(cropped), camera, 23, 13)
    np.testing.assert_allclose(points, wanted, rtol=1e-4, atol=1e-4)
    assert np.array_equal(colours, rgb.reshape(-1, 3))


def test_predict_a_video(tmp_path, run):
    config, checkpoint = write_run(tmp_path)
    source, out = tmp_path / 'v.avi', tmp_path / 'out'
    writer = cv2.VideoWriter(
        str(source), cv2.VideoWriter_fourcc(*'MJPG'), 5, (64, 48)
    )
    for i in range(3):
        writer.write(make_image(seed=i))
    writer.release()
    run(
        *(config, checkpoint, source, '--out-dir', out),
        *('--batch-size', 2, '--device', 'cpu'),
        *('--depth-range', 'percentile'),
    )
    names = sorted(p.name for p in (out / 'depth' / 'v').iterdir())
    assert names == ['000000.png', '000001.png', '000002.png']
    video = cv2.VideoCapture(str(out / 'pictures' / 'v.mp4'))
    frames = list(iter(lambda: video.read()[0], False))
    assert len(frames) == 3
    assert video.get(cv2.CAP_PROP_FRAME_WIDTH) == 64 + GAP + 64
    assert video.get(cv2.CAP_PROP_FRAME_HEIGHT) == 3 * ROW + 48


def test_depths_beyond_the_format_are_clipped_and_told(tmp_path, run, capfd):
    # Without a word in the checkpoint the head's own 10 m count.
    config, checkpoint = write_run(tmp_path, meta={})
    image = make_image()
    source, out = tmp_path / 'far.png', tmp_path / 'out'
    cv2.imwrite(str(source), image)
    run(
        *(config, checkpoint, source, '--out-dir', out),
        *('--depth-scale', 10000, '--device', 'cpu'),
    )
    printed = capfd.readouterr().out
    assert 'max_depth 10 m does not fit: A 16-bit file x 10000' in printed
    assert ' pixels clipped. ' in printed
    units = cv2.imread(str(out / 'depth' / 'far.png'), -1)
    expected = np.clip(depth_of(image) * 10000.0, 1, 65535)
    assert np.abs(units - expected).max() <= 0.5 + 1e-2
    assert (units == 65535).any()


def test_clear_errors(tmp_path, run, capsys):
    config, checkpoint = write_run(tmp_path)
    source = tmp_path / 'rgb' / 'a' / '0.png'
    common = (config, checkpoint, source, '--out-dir', tmp_path)
    for message, *options in (
        ("0 <= NEAR < FAR, got '9,2'", '--depth-range', '9,2'),
        ('percentile or NEAR,FAR in metres', '--depth-range', 'far'),
        ('wanted a text file of the 3 x 3', '--intrinsics', 'no.txt'),
        ('is for point clouds: give --intrinsics', '--drop-edges'),
    ):
        with pytest.raises(SystemExit):
            run(*common, *options)
        assert message in capsys.readouterr().err


def test_crop_that_is_not_told_is_an_error(tmp_path, run):
    crop = dict(type='CropOfTests')
    config, checkpoint = write_run(tmp_path, [crop])
    from mmcv.transforms import BaseTransform
    from mmengine.registry import TRANSFORMS

    class CropOfTests(BaseTransform):
        def transform(self, results):
            results['img'] = results['img'][:30]
            results['img_shape'] = results['ori_shape'] = (30, 64)
            return results

    TRANSFORMS.register_module(module=CropOfTests, force=True)
    source = tmp_path / 'rgb' / 'a' / '0.png'
    wanted = r'Skipped:\n.*0: .*\(48, 64\).*\(30, 64\).*crop_box'
    with pytest.raises(SystemExit, match=wanted):
        run(config, checkpoint, source, '--out-dir', tmp_path)
