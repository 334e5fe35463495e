"""Depth files of a test run: names, folders, and what is refused."""

from types import SimpleNamespace

import cv2
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from xnet_mm.engine import SaveDepthHook


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


@pytest.mark.parametrize('scale', [0, -1, float('nan'), True, '1000'])
def test_no_hook_of_such_a_scale(scale):
    with pytest.raises(ValueError, match=r'depth_scale is .*, wanted a fin'):
        SaveDepthHook('out', scale)
