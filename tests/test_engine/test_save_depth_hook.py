"""Depth files of a test run: what is in them."""

from types import SimpleNamespace

import cv2
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from xnet_mm.engine import SaveDepthHook


def test_hook_counts_what_is_clipped(tmp_path):
    warnings = []
    runner = SimpleNamespace(logger=SimpleNamespace(warning=warnings.append))
    hook = SaveDepthHook(str(tmp_path), depth_scale=256)
    for depth, units in ((300.0, 65535), (2.0, 512)):
        sample = SegDataSample(metainfo=dict(img_path='0.jpg'))
        data = torch.full((1, 2, 3), depth)
        sample.set_data(dict(pred_depth_map=PixelData(data=data)))
        path = tmp_path / 'a.png'
        path.write_bytes(hook.encode(sample, None))
        stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert stored.tolist() == [[units] * 3] * 2
    hook.after_test_epoch(runner)
    (warning,) = warnings
    assert warning.startswith('6 pixels clipped in')
    assert 'A 16-bit file x 256 holds 0.00390625 to 255.996 m' in warning


@pytest.mark.parametrize('scale', [0, -1, float('nan'), True, '1000'])
def test_no_hook_of_such_a_scale(scale):
    with pytest.raises(ValueError, match=r'depth_scale is .*, wanted a fin'):
        SaveDepthHook('out', scale)
