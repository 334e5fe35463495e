"""Boundaries and grids: hand-worked maps, and slow loops over all pixels."""

from math import hypot, inf, isnan, log

import numpy as np
import pytest
import torch

from xnet_mm.evaluation.boundary_functional import (
    RATIOS,
    boundary_band,
    boundary_overlap,
    boundary_scores,
    depth_boundary_scores,
    grid_sums,
    undo_resize,
)

VOID = 255
HALF = np.array([[1, 1, 1, 1, 0, 0, 0, 0]] * 8)
# One column further to the right.
SHIFTED = np.array([[1, 1, 1, 1, 1, 0, 0, 0]] * 8)


def test_grid_by_hand():
    row = torch.tensor([[[0.0, 0, 0, 0, 2, 2, 2, 3]]])
    sums = grid_sums(row, 4)
    # One of seven pairs lies across the line, and jumps by 2.
    assert sums == (2, 1, 1, 6)
    assert sums.contrast() == pytest.approx(12)
    assert grid_sums(row.mT, 4) == sums


def test_grid_of_blocks_ramps_and_constants():
    blocks = torch.rand(2, 3, 4).repeat_interleave(4, 1)
    blocks = blocks.repeat_interleave(4, 2)
    assert grid_sums(blocks, 4).contrast() == inf
    ramp = torch.arange(12.0)[:, None] + torch.arange(16.0)
    assert grid_sums(ramp[None], 4).contrast() == pytest.approx(1)
    assert isnan(grid_sums(torch.ones(1, 12, 16), 4).contrast())
    assert isnan(grid_sums(torch.rand(1, 3, 3), 4).contrast())


@pytest.mark.parametrize('cell', [2, 3, 8])
def test_grid_by_loops(cell):
    field = torch.rand(2, 9, 11, dtype=torch.float64)
    on, off = [], []
    for c in range(2):
        for y in range(9):
            for x in range(11):
                for y2, x2 in ((y, x + 1), (y + 1, x)):
                    if y2 < 9 and x2 < 11:
                        line = (x2 % cell == 0) if x2 > x else y2 % cell == 0
                        change = abs(field[c, y2, x2] - field[c, y, x]).item()
                        (on if line else off).append(change)
    sums = grid_sums(field, cell)
    assert (sums.pairs_on, sums.pairs_off) == (len(on), len(off))
    assert sums.on == pytest.approx(sum(on))
    assert sums.off == pytest.approx(sum(off))


@pytest.mark.parametrize('size', [(9, 11), (12, 16), (17, 20), (9, 30)])
def test_a_resize_is_undone(size):
    torch.manual_seed(0)
    field = torch.randn(3, 9, 11)
    large = torch.nn.functional.interpolate(
        field[None], size=size, mode='bilinear'
    )[0]
    back = undo_resize(large, (9, 11))
    torch.testing.assert_close(back.float(), field, rtol=1e-3, atol=1e-4)
    # Pixels that a resize took away do not come back.
    assert undo_resize(large, (40, 40)).shape == (3, 40, 40)


def test_depth_jumps_by_hand():
    truth = torch.ones(3, 3)
    truth[1, 1] = 2.0  # farther than all four neighbours
    assert depth_boundary_scores(truth, truth) == pytest.approx((1, 1, 1))
    # Another scale is the same prediction.
    assert depth_boundary_scores(3 * truth, truth) == pytest.approx((1, 1, 1))
    flat = torch.ones(3, 3)
    assert depth_boundary_scores(flat, truth) == (0, 0, 0)
    assert depth_boundary_scores(truth, flat) is None
    # Only the first three ratios, 1.05, 1.0722 and 1.0944, are below 1.1.
    low = flat.clone()
    low[1, 1] = 1.1
    wanted = sum(RATIOS[:3]) / sum(RATIOS)
    assert depth_boundary_scores(low, truth) == pytest.approx([wanted] * 3)
    # Without truth in the middle there is no pair with a jump.
    truth[1, 1] = 0
    assert depth_boundary_scores(low, truth) is None


def test_jumps_of_a_soft_edge_by_hand():
    # 1 m on the left, 2 m on the right; predicted with three pixels between.
    truth = torch.tensor([[1.0] * 4 + [2.0] * 4]).repeat(2, 1)
    row = [1.0, 1, 1, 1.01, 1.02, 1.03, 2, 2]
    soft = torch.tensor([row]).repeat(2, 1)
    assert depth_boundary_scores(soft, truth)[2] == 0  # pixel 5 to 6: beside
    # Four apart: true are 0-4, 1-5, 2-6, 3-7, and said are 2-6 and 3-7.
    precision, recall, f1 = depth_boundary_scores(soft, truth, 4)
    # To the right 2 of 2 and 2 of 4; nothing in the three other directions.
    assert precision == pytest.approx(1 / 2)
    assert recall == pytest.approx(1 / 4)
    assert f1 == pytest.approx(1 / 3)
    assert depth_boundary_scores(soft, truth, 8) is None  # no such pair


def slow_depth_scores(pred, gt, step=1):
    """Every pair, in both senses, by itself."""
    height, width = gt.shape
    result = np.zeros(3)
    for ratio in RATIOS:
        precision = recall = 0.0
        for dy, dx in ((0, 1), (0, -1), (1, 0), (-1, 0)):
            hits = said = true = 0
            for y in range(height):
                for x in range(width):
                    y2, x2 = y + step * dy, x + step * dx
                    if not (0 <= y2 < height and 0 <= x2 < width):
                        continue
                    if not (gt[y, x] > 0 and gt[y2, x2] > 0):
                        continue
                    ours = pred[y2, x2] / pred[y, x] > ratio
                    truth = gt[y2, x2] / gt[y, x] > ratio
                    hits += ours and truth
                    said += ours
                    true += truth
            precision += hits / max(said, 1) / 4
            recall += hits / max(true, 1) / 4
        total = precision + recall
        f1 = 2 * precision * recall / total if total else 0
        result += ratio / sum(RATIOS) * np.array([precision, recall, f1])
    return result


def test_depth_jumps_by_loops():
    rng = np.random.default_rng(0)
    for _ in range(3):
        gt = np.exp(0.1 * rng.normal(size=(7, 6)))
        pred = gt * np.exp(0.05 * rng.normal(size=(7, 6)))
        gt[rng.random((7, 6)) < 0.2] = 0
        for step in (1, 2, 5):
            ours = depth_boundary_scores(*map(torch.tensor, (pred, gt)), step)
            wanted = slow_depth_scores(pred, gt, step)
            np.testing.assert_allclose(ours, wanted)
    assert log(RATIOS[-1] / 1.25) == pytest.approx(0)


def test_boundary_iou_by_hand():
    overlap = boundary_overlap(SHIFTED, HALF, 3, 0.005, VOID)
    # Bands of 1 pixel, the image's border among the edges. Class 1: rings of
    # 8x4 (20 pixels) and 8x5 (22), with 14 in common; class 0: of 8x4 and
    # 8x3 (18), with 12 in common; class 2 is in neither.
    assert overlap.tolist() == [[12, 26], [14, 28], [0, 0]]
    same = boundary_overlap(HALF, HALF, 2, 0.005, VOID)
    assert same.tolist() == [[20, 20], [20, 20]]


def test_boundary_f1_by_hand():
    exact = boundary_scores(SHIFTED, HALF, 3, 0.005, VOID)
    precision, recall = 14 / 22, 14 / 20  # class 1
    wanted = 2 * precision * recall / (precision + recall)
    assert exact[1] == pytest.approx(wanted)
    precision, recall = 12 / 18, 12 / 20  # class 0
    wanted = 2 * precision * recall / (precision + recall)
    assert exact[0] == pytest.approx(wanted)
    assert isnan(exact[2])
    # One pixel off is near enough.
    near = boundary_scores(SHIFTED, HALF, 3, 1 / hypot(8, 8), VOID)
    assert near[:2].tolist() == [1, 1]


def test_where_nobody_knows_there_is_no_edge():
    truth = HALF.copy()
    truth[:, 3:5] = VOID  # where the two classes meet
    band = boundary_band(truth, 1, 1, truth == VOID)
    wanted = np.zeros((8, 8), bool)
    wanted[[0, 7], :3] = wanted[:, 0] = True  # the image's border only
    assert np.array_equal(band, wanted)
    overlap = boundary_overlap(SHIFTED, truth, 2, 0.005, VOID)
    assert overlap[:, 0].tolist() == overlap[:, 1].tolist()
    assert boundary_scores(SHIFTED, truth, 2, 0.005, VOID).tolist() == [1, 1]


def slow_band(labels, label, width, void):
    height, length = labels.shape
    band = np.zeros(labels.shape, bool)
    for y in range(height):
        for x in range(length):
            if labels[y, x] != label or void[y, x]:
                continue
            for y2 in range(y - width, y + width + 1):
                for x2 in range(x - width, x + width + 1):
                    here = 0 <= y2 < height and 0 <= x2 < length
                    band[y, x] |= not here or (
                        labels[y2, x2] != label and not void[y2, x2]
                    )
    return band


@pytest.mark.parametrize('width', [1, 2, 3])
def test_bands_by_loops(width):
    rng = np.random.default_rng(width)
    labels = np.kron(rng.integers(0, 3, (4, 5)), np.ones((5, 5), int))
    void = rng.random(labels.shape) < 0.1
    for label in range(3):
        ours = boundary_band(labels, label, width, void)
        assert np.array_equal(ours, slow_band(labels, label, width, void))
