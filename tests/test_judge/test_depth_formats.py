"""Maps as other programs write them: the digits of a test by config."""

import numpy as np
import pytest
import torch
from exr_files import write_exr
from judged import judge, save, scene, size_of
from PIL import Image

from xnet_mm.evaluation import DepthProtocolMetric
from xnet_mm.evaluation.depth_protocols import PROTOCOLS
from xnet_mm.judge.depth_files import Units


def pillow_png(path, depth, scale):
    units = np.rint(depth * scale).astype(np.uint16)
    Image.fromarray(units).save(path)
    return units / np.float32(scale)


def opencv_png(path, depth, scale):
    units = np.rint(depth * scale).astype(np.uint16)
    save(path, units)
    return units / np.float32(scale)


def numpy_of(kind):
    def write(path, depth, scale):
        values = (depth * scale).astype(kind)
        np.save(path, values, allow_pickle=False)
        return np.float32(values) / np.float32(scale)

    return write


def numpy_zip(path, depth, scale):
    values = (depth * scale).astype(np.float32)
    np.savez_compressed(path, depth=values, mask=values > 0)
    return values / np.float32(scale)


def backwards(path, depth, scale):
    """Columns first, and the other order of bytes."""
    values = np.asfortranarray((depth * scale).astype('>f4'))
    np.save(path, values, allow_pickle=False)
    return values.astype(np.float32) / np.float32(scale)


def pillow_tiff(path, depth, scale):
    values = (depth * scale).astype(np.float32)
    Image.fromarray(values).save(path, compression='tiff_lzw')
    return values / np.float32(scale)


def exr_of(kind):
    def write(path, depth, scale):
        values = (depth * scale).astype(kind)
        path.write_bytes(write_exr(dict(Z=values), compression=0))
        return np.float32(values) / np.float32(scale)

    return write


# Suffix, writer that gives the metres in its file, and its scale; None:
# that of integers in the protocol.
FORMATS = {
    'PNG by Pillow': ('.png', pillow_png, None),
    'PNG by OpenCV, 1/512 m': ('.png', opencv_png, 512),
    'float16': ('.npy', numpy_of(np.float16), 1),
    'float32': ('.npy', numpy_of(np.float32), 1),
    'float64': ('.npy', numpy_of(np.float64), 1),
    'int32': ('.npy', numpy_of(np.int32), None),
    'centimetres': ('.npy', numpy_of(np.float32), 100),
    'other order': ('.npy', backwards, 1),
    'npz': ('.npz', numpy_zip, 1),
    'TIFF by Pillow': ('.tif', pillow_tiff, 1),
    'EXR half': ('.exr', exr_of('float16'), 1),
    'EXR float': ('.exr', exr_of('float32'), 1),
}


@pytest.mark.parametrize('protocol', sorted(PROTOCOLS))
@pytest.mark.parametrize('name', FORMATS)
def test_every_digit_of_a_test(tmp_path, protocol, name):
    suffix, write, scale = FORMATS[name]
    usual = 256 if protocol.startswith('kitti') else 1000
    metric = DepthProtocolMetric(protocol)
    (tmp_path / 'p').mkdir()
    pred, gt = scene(0, size_of(protocol), 12.0)
    held = write(tmp_path / f'p/a{suffix}', pred, scale or usual)
    assert held.dtype == np.float32
    (tmp_path / 't').mkdir()
    truth = opencv_png(tmp_path / 't/a.png', gt, usual)
    sample = dict(
        img_path='a.jpg',
        pred_depth_map=dict(data=torch.from_numpy(held)[None]),
        gt_depth_map=dict(data=torch.from_numpy(truth)[None]),
    )
    metric.process({}, [sample])
    given = Units(scale=float(scale)) if scale else None
    figures = judge(tmp_path, protocol, (given, None))
    assert figures.metric == metric.evaluate(1)
