"""16-bit depth files by hand, and what their hook refuses."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from xnet_mm.engine import SaveDepthHook
from xnet_mm.fileio.depth_png import encode_depth
from xnet_mm.prediction.depth import parse_intrinsics


def test_encode_depth_by_hand():
    depth = np.array([[0.0, 0.0006, 1.2344, 1.2346, 65.5351, 70]])
    data, clipped = encode_depth(depth, 1000, 'x.png')
    units = cv2.imdecode(np.frombuffer(data, np.uint8), -1)
    assert units.tolist() == [[1, 1, 1234, 1235, 65535, 65535]]
    assert clipped == 2
    depth[0, 1:3] = np.nan, np.inf
    with pytest.raises(ValueError, match=r'^x\.png: 2 of 6 .* NaN or inf'):
        encode_depth(depth, 1000, 'x.png')


@pytest.mark.parametrize('text', ['1,2,3', 'a,b,c,d', '0,1,2,3', '1,2,3,4,5'])
def test_bad_intrinsics(text):
    with pytest.raises(ValueError, match='wanted fx,fy,cx,cy in pixels, or'):
        parse_intrinsics(text)
    assert parse_intrinsics('1,2,3.5,4') == (1, 2, 3.5, 4)


def make_runner(root):
    dataset = SimpleNamespace(data_prefix=dict(img_path=str(root)))
    warnings = []
    return SimpleNamespace(
        test_dataloader=SimpleNamespace(dataset=dataset),
        logger=SimpleNamespace(warning=warnings.append),
        warnings=warnings,
    )


def test_hook_keeps_folders_and_counts_what_is_clipped(tmp_path):
    runner = make_runner('data/rgb')
    hook = SaveDepthHook(str(tmp_path), depth_scale=256)
    for path, depth in (('data/rgb/a/0.jpg', 300.0), ('other/1.jpg', 2.0)):
        sample = SegDataSample(metainfo=dict(img_path=path))
        data = torch.full((1, 2, 3), depth)
        sample.set_data(dict(pred_depth_map=PixelData(data=data)))
        hook.after_test_iter(runner, 0, {}, [sample])
    hook.after_test_epoch(runner)
    files = sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob('*.*'))
    assert files == ['1.png', 'a/0.png']
    for name, units in (('a/0.png', 65535), ('1.png', 512)):
        stored = cv2.imread(str(tmp_path / name), cv2.IMREAD_UNCHANGED)
        assert stored.tolist() == [[units] * 3] * 2
    (warning,) = runner.warnings
    assert warning.startswith('6 pixels clipped in')
    assert '16-bit PNG x 256 holds 0.00390625 to 255.996 m' in warning


def test_hook_needs_depth(tmp_path):
    sample = SegDataSample(metainfo=dict(img_path='a.png'))
    hook = SaveDepthHook(str(tmp_path))
    with pytest.raises(ValueError, match=r'needs `pred_depth_map`.*\[\]'):
        hook.after_test_iter(make_runner('.'), 0, {}, [sample])
