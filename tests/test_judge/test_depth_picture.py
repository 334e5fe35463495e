"""The worst images, drawn where they count."""

import numpy as np
import pytest
from judged import named, save, scene

from xnet_mm.evaluation.depth_protocols import PROTOCOLS
from xnet_mm.judge.depth_files import Units
from xnet_mm.judge.depth_judge import DepthSetting, judge_pair
from xnet_mm.judge.depth_picture import counted_pixels, draw_worst
from xnet_mm.judge.pairs import Pair


@pytest.mark.parametrize('name', sorted(PROTOCOLS))
def test_counted_pixels(name):
    protocol = PROTOCOLS[name]
    _, gt = scene(0, (500, 650), 12.0)
    found = counted_pixels(protocol, gt)
    top, bottom, left, right = protocol.crop or (0, 500, 0, 650)
    inside = np.zeros(gt.shape, bool)
    inside[top:bottom, left:right] = True
    low = np.float32(protocol.min_depth)
    far = min(protocol.gt_ceiling or np.inf, 1e9)
    capped = np.minimum(gt, far)
    wanted = inside & (capped > low) & (capped < protocol.max_depth)
    assert np.array_equal(found, wanted)


def test_worst_from_the_top(tmp_path):
    setting = DepthSetting(
        named('custom', max_depth=20.0, crop=(10, 50, 0, 80)), Units(), Units()
    )
    verdicts = []
    for i in range(8):
        _, gt = scene(i, (60, 80))
        gt[gt == 0] = 5
        pred = gt * np.float32(1 + i / 40)
        pair = Pair(
            f'image{i}',
            save(tmp_path / f'p/{i}.npy', pred),
            save(tmp_path / f't/{i}.npy', gt),
        )
        verdicts.append(judge_pair(pair, setting))
    picture = draw_worst(setting, verdicts)
    few = draw_worst(setting, verdicts[-1:])
    # The worst is the last one, and on top; six are shown.
    assert np.array_equal(picture[: len(few)], few)
    assert len(picture) == 6 * len(few)
    # Small maps are enlarged; what does not count is black.
    assert picture.shape[1] >= 3 * 320
    black = (few == 0).all(-1)
    assert black.sum() > 0.5 * 320 * 240 / 3
