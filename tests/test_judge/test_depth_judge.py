"""One pair at a time, and the means."""

import math

import numpy as np
import pytest
from judged import named, save

from xnet_mm.judge.depth_files import Units
from xnet_mm.judge.depth_judge import (
    DepthSetting,
    judge_depth,
    judge_pair,
    summarize,
    worst_first,
)
from xnet_mm.judge.pairs import Pair

CUSTOM = named('custom', max_depth=10.0)
OFFICIAL = named('kitti_official')


def setting(protocol=CUSTOM):
    return DepthSetting(protocol, Units(), Units())


def pair(root, name, pred, gt):
    truth = (
        None if gt is None else save(root / f't/{name}.npy', np.float32(gt))
    )
    return Pair(name, save(root / f'p/{name}.npy', np.float32(pred)), truth)


def verdict(root, pred, gt, protocol=CUSTOM, name='a'):
    return judge_pair(pair(root, name, pred, gt), setting(protocol))


def test_figures_by_hand(tmp_path):
    """|2-1|/1, |3-4|/4; medians 2.5 and 2.5; least squares 3d - 5."""
    found = verdict(tmp_path, [[2, 3, 9]], [[1, 4, 0]])
    values = dict(zip(CUSTOM.keys, found.figures.values, strict=True))
    assert values['abs_rel'] == (1 + 1 / 4) / 2
    assert found.figures.pixels == 2 and found.figures.size == '1x3'
    median = found.aligned['median']
    assert median.fit == (1.0, 0.0)
    assert median.values == found.figures.values
    shifted = found.aligned['scale_shift']
    assert shifted.fit == pytest.approx((3, -5))
    assert dict(zip(CUSTOM.keys, shifted.values, strict=True))[
        'abs_rel'
    ] == pytest.approx(0, abs=1e-12)
    assert found.not_positive == 0


def test_predictions_of_zero_are_counted_and_clamped(tmp_path):
    found = verdict(tmp_path, [[0, -2, 3, 0]], [[1, 2, 3, 0]])
    assert found.not_positive == 2
    key = CUSTOM.keys.index('abs_rel')
    assert found.figures.values[key] == pytest.approx(
        (0.999 + 1.999 / 2 + 0) / 3
    )


def test_and_refused_where_the_protocol_does_not_clamp(tmp_path):
    with pytest.raises(
        ValueError,
        match=r'p/a.npy: 2 of 3 predicted depths that count are 0 or negat.*'
        'kitti_official does not clamp, .*; predict depths above 0',
    ):
        verdict(tmp_path, [[0, -2, 3, 0]], [[1, 2, 3, 0]], OFFICIAL)
    holes = verdict(tmp_path, [[1, 2, 3, 0]], [[1, 2, 3, 0]], OFFICIAL)
    assert set(holes.figures.values) == {0}


def test_left_out(tmp_path):
    without = verdict(tmp_path, [[1, 2]], None)
    assert without.figures.left_out == 'no ground truth'
    assert without.digests[1] == ''
    empty = verdict(tmp_path, [[1, 2]], [[0, 99]])
    assert empty.figures.left_out == 'no valid pixel'
    assert not empty.aligned and empty.boundary is None
    part = named('sun_rgbd_without_nyu')
    nyu = verdict(tmp_path, [[1, 2]], [[1, 2]], part, 'kv1/NYUdata/x')
    assert nyu.figures.left_out == 'not in the protocol'
    for gt in ([[1, 2]], None):
        with pytest.raises(ValueError, match='predicted depths are NaN'):
            verdict(tmp_path, [[1, np.nan]], gt, part, 'kv1/NYUdata/x')


def test_boundary_of_the_whole_map(tmp_path):
    pred, gt = np.ones((4, 4)), np.ones((4, 4))
    gt[:, 2:] = pred[:, 2:] = 2
    assert verdict(tmp_path, pred, gt).boundary == pytest.approx((0.25,) * 3)
    assert verdict(tmp_path, pred, np.ones((4, 4))).boundary is None
    pred[:, :2] = 0  # as near as it gets
    assert verdict(tmp_path, pred, gt).boundary == pytest.approx((0.25,) * 3)


def test_pairs_in_order_and_what_fails(tmp_path):
    pairs = [
        pair(tmp_path, name, [[1.0, 2]], gt)
        for name, gt in (
            ('a', [[1, 2]]),
            ('b', [[1, 2, 3]]),
            ('c', [[2, 2]]),
        )
    ]
    verdicts, wrong = judge_depth(pairs, setting(), workers=2)
    assert [v.pair.name for v in verdicts] == ['a', 'c']
    ((file, why),) = wrong
    assert file == f'{tmp_path}/p/b.npy'
    assert why.startswith('the prediction has 1x2 pixels, its truth 1x3')
    assert [v.pair.name for v in worst_first(CUSTOM, verdicts)] == ['c', 'a']


def test_means(tmp_path):
    verdicts = [
        verdict(tmp_path, *maps, name=name)
        for name, maps in dict(
            half=([[1, 2, 3]], [[2, 4, 6]]),
            mirrored=([[3, 2, 1]], [[1, 2, 3]]),
            low=([[0, 0, 1]], [[1, 2, 3]]),
            empty=([[1, 1, 1]], [[0, 0, 0]]),
        ).items()
    ]
    figures = summarize(CUSTOM, verdicts)
    assert figures.images == 3
    assert figures.aligned_images == dict(
        median=2, scale_shift=3, scale_shift_disparity=3
    )
    assert figures.ratio == 1.5 and figures.mirrored == 1
    assert figures.not_positive == (2, 1)
    # Of (3, 2, 1) to (1, 2, 3): 2, 0, 2/3; the other one is exact.
    assert figures.aligned['median']['abs_rel'] == pytest.approx(
        (2 + 0 + 2 / 3) / 3 / 2
    )
    alone = summarize(CUSTOM, verdicts[2:])
    assert math.isnan(alone.aligned['median']['abs_rel'])
    assert math.isnan(alone.ratio)


def test_no_truth_to_read(tmp_path):
    with pytest.raises(ValueError, match=r'a.npy: no ground truth'):
        setting().read(pair(tmp_path, 'a', [[1]], None))
