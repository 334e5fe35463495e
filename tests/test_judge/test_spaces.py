"""Predictions of inverse depth and of disparity, by hand."""

import numpy as np
import pytest
import torch
from judged import named, save

from xnet_mm.evaluation.depth_alignment import ALIGNMENTS
from xnet_mm.judge.depth_files import Units
from xnet_mm.judge.depth_judge import DepthSetting, judge_pair, summarize
from xnet_mm.judge.depth_picture import draw_worst
from xnet_mm.judge.pairs import Pair
from xnet_mm.judge.spaces import (
    count_pixels,
    count_without_depth,
    measure_space,
    to_depth,
)

CUSTOM = named('custom', max_depth=10.0)
OFFICIAL = named('kitti_official')


def line(*values):
    return torch.tensor([values], dtype=torch.float32)


def abs_rel(figures, protocol=CUSTOM):
    return figures.values[protocol.keys.index('abs_rel')]


def midas(disparity, gt, near, far):
    """MiDaS's way, by NumPy: least squares, a floor, then the inverse."""
    known = (gt > near) & (gt < far)
    matrix = np.stack([disparity[known], np.ones(known.sum())], 1)
    (scale, shift), *_ = np.linalg.lstsq(matrix, 1 / gt[known], rcond=None)
    aligned = disparity * scale + shift
    aligned[aligned < 1 / far] = 1 / far
    return np.maximum(1 / aligned, near)


def test_least_squares_by_hand():
    """1/g = 1, 1/2, 1/4; of (1, 0, 0) they are 5/8 v + 3/8."""
    values, gt = line(1, 0, 0, 9), line(1, 2, 4, 0)
    depth = to_depth('disparity', CUSTOM, values, gt)
    assert depth[0, :3].tolist() == pytest.approx([1, 8 / 3, 8 / 3])
    assert depth[0, 3].item() == pytest.approx(1 / (9 * 5 / 8 + 3 / 8))
    found = measure_space('disparity', CUSTOM, values, gt)
    assert [*found] == [*ALIGNMENTS]
    aligned = found['scale_shift_disparity']
    assert aligned.fit == pytest.approx((5 / 8, 3 / 8))
    assert abs_rel(aligned) == pytest.approx((0 + 1 / 3 + 1 / 3) / 3)
    assert found['scale_shift'].values == ()


def test_a_shift_below_zero_is_found():
    """v = 8 / g - 3 of 1, 2, 4 m: 5, 1, -1."""
    values, gt = line(5, 1, -1), line(1, 2, 4)
    aligned = measure_space('disparity', CUSTOM, values, gt)
    assert abs_rel(aligned['scale_shift_disparity']) == pytest.approx(
        0, abs=1e-12
    )
    # By a scale alone: 1/5, 1 and far, 10 m; the medians are 1 and 2.
    assert aligned['median'].fit.scale == 2
    assert abs_rel(aligned['median']) == pytest.approx((0.6 + 0 + 6 / 4) / 3)
    assert count_without_depth('disparity', CUSTOM, values, gt) == 0


@pytest.mark.parametrize('seed', range(4))
def test_as_midas_has_it(seed):
    rng = np.random.default_rng(seed)
    gt = rng.uniform(0.2, 11, (20, 30)).astype(np.float32)
    values = (3 / gt + rng.normal(0, 0.5, gt.shape) - 1).astype(np.float32)
    wanted = midas(values.astype(float), gt.astype(float), 1e-3, 10)
    assert (wanted == 10).any() and (values < 0).any()
    found = to_depth('disparity', CUSTOM, *map(torch.from_numpy, (values, gt)))
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_inverse_depth_claims_to_be_metric():
    values, gt = line(1, 0.5, 0, -1, 0), line(2, 2, 4, 5, 0)
    assert count_pixels(CUSTOM, gt) == 4
    assert count_without_depth('inverse_depth', CUSTOM, values, gt) == 2
    depth = to_depth('inverse_depth', CUSTOM, values, gt)
    assert depth.tolist() == [[1, 2, 10, 10, 10]]
    found = measure_space('inverse_depth', CUSTOM, values, gt)
    assert found['median'].fit.scale == 3 / 6  # of (2 + 4) and (2 + 10)
    assert len(found['scale_shift'].values) == len(CUSTOM.keys)


def judged(root, values, gt, space, protocol=CUSTOM):
    pair = Pair(
        'a',
        save(root / 'p/a.npy', values.numpy()),
        save(root / 't/a.npy', gt.numpy()),
    )
    setting = DepthSetting(protocol, Units(space=space), Units())
    return setting, judge_pair(pair, setting)


def test_verdict_of_a_disparity(tmp_path):
    gt = line(1, 2, 4).repeat(3, 1)
    setting, verdict = judged(tmp_path / 'a', 8 / gt - 3, gt, 'disparity')
    assert abs_rel(verdict.figures) < 1e-6
    as_depth = judged(tmp_path, gt, gt, 'depth')
    assert verdict.boundary == pytest.approx(as_depth[1].boundary)
    figures = summarize(CUSTOM, [verdict], 'disparity')
    assert all(np.isnan([*figures.metric.values()]))
    assert figures.aligned['scale_shift_disparity']['abs_rel'] < 1e-6
    assert figures.mirrored == 0
    depths = judged(tmp_path / 'c', gt, gt, 'disparity')[1]
    assert summarize(CUSTOM, [depths], 'disparity').mirrored == 1
    picture = draw_worst(setting, [verdict])
    metric = draw_worst(as_depth[0], [as_depth[1]])
    # Equal but for what is written above: the aligned map is the truth.
    assert np.abs(picture[-40:].astype(int) - metric[-40:]).max() <= 2


def test_without_truth_and_without_depth(tmp_path):
    nothing = judged(tmp_path, line(1, 2), line(0, 0), 'disparity')[1]
    assert nothing.figures.left_out == 'no valid pixel'
    with pytest.raises(
        ValueError,
        match=r'1 of 2 predicted inverse depths that count are 0 or negat.*; '
        'predict inverse depths above 0',
    ):
        judged(tmp_path, line(0, 1), line(1, 1), 'inverse_depth', OFFICIAL)
