"""Alignments against values by hand and a slow search for the best."""

import math
from dataclasses import replace
from statistics import median

import numpy as np
import pytest
import torch
from judged import named, scene, size_of
from scipy.optimize import minimize

from xnet_mm.evaluation.depth_alignment import (
    ALIGNMENTS,
    aligned_range,
    fit_least_squares,
    fit_median,
    measure_aligned,
)
from xnet_mm.evaluation.depth_protocols import PROTOCOLS

EVERY = sorted(PROTOCOLS)


def line(*values):
    return torch.tensor(values, dtype=torch.float64)


def test_median_by_hand():
    """Medians of four are means of two: 5 / 2.5."""
    fit = fit_median(line(1, 2, 3, 9), line(4, 8, 2, 6))
    assert fit == (2.0, 0.0)
    assert fit_median(line(2, 7, 3), line(9, 6, 1)) == (2.0, 0.0)


def test_least_squares_by_hand():
    """Through (1, 1), (2, 2), (3, 4): slope 3/2, mean 7/3 at 2."""
    scale, shift = fit_least_squares(line(1, 2, 3), line(1, 2, 4))
    assert scale == pytest.approx(1.5, rel=1e-15)
    assert shift == pytest.approx(7 / 3 - 3, rel=1e-14)


@pytest.mark.parametrize('value', [0.0, 0.1, 1e5])
def test_a_constant_map_is_the_mean_of_the_truth(value):
    pred = torch.full((7,), value, dtype=torch.float32).double()
    gt = line(1, 2, 3, 4, 5, 6, 7)
    assert fit_least_squares(pred, gt) == (0.0, 4.0)


def test_far_and_nearly_flat_maps_keep_their_slope():
    gt = line(1, 2, 3)
    scale, _ = fit_least_squares(1e5 + 1e-3 * gt, gt)
    assert scale == pytest.approx(1e3, rel=1e-4)


@pytest.mark.parametrize('pred', [line(0, 0, 5), line(-3, -1, 9)])
def test_no_scale_where_the_median_is_not_above_zero(pred):
    scale, shift = fit_median(pred, line(1, 2, 3))
    assert math.isnan(scale) and shift == 0
    protocol = named('custom', max_depth=10.0, clamp=False)
    found = measure_aligned(protocol, pred[None], line(1, 2, 3)[None])
    assert found['median'].values == ()
    assert len(found['scale_shift'].values) == len(protocol.keys)


def slow_selection(protocol, pred, gt):
    """Pixel by pixel, in plain Python."""
    top, bottom, left, right = protocol.crop or (0, 10**9, 0, 10**9)
    chosen = []
    for y, row in enumerate(gt.tolist()):
        for x, g in enumerate(row):
            g = min(g, protocol.gt_ceiling or g)
            inside = top <= y < bottom and left <= x < right
            if inside and protocol.min_depth < g < protocol.max_depth:
                chosen.append((float(pred[y, x]), g))
    return chosen


def slow_fit(pairs):
    """Nelder and Mead's search for the least sum of squares."""
    p, g = np.array(pairs).T
    best = minimize(
        lambda x: ((x[0] * p + x[1] - g) ** 2).sum(),
        (1.0, 0.0),
        method='Nelder-Mead',
        options=dict(xatol=1e-12, fatol=1e-14, maxiter=4000),
    )
    return best.x


def slow_abs_rel(aligned, truth, low, high):
    errors = [
        abs(min(max(d, low), high) - g) / g
        for d, g in zip(aligned, truth, strict=True)
    ]
    return math.fsum(errors) / len(errors)


def test_alignments_against_a_slow_reference():
    pred, gt = map(torch.from_numpy, scene(1, (60, 70)))
    protocol = named('custom', max_depth=7.0, crop=(5, 50, 10, 60))
    found = measure_aligned(protocol, pred, gt)
    pairs = slow_selection(protocol, pred, gt)
    p, g = zip(*pairs, strict=True)
    key = protocol.keys.index('abs_rel')
    scale = median(g) / median(p)
    wanted = slow_abs_rel([scale * d for d in p], g, 1e-3, 7)
    assert found['median'].fit.scale == pytest.approx(scale, rel=1e-14)
    assert found['median'].values[key] == pytest.approx(wanted, rel=1e-13)
    scale, shift = slow_fit(pairs)
    wanted = slow_abs_rel([scale * d + shift for d in p], g, 1e-3, 7)
    assert found['scale_shift'].fit == pytest.approx((scale, shift), rel=1e-6)
    assert found['scale_shift'].values[key] == pytest.approx(wanted, rel=1e-6)
    scale, shift = slow_fit([(1 / d, 1 / e) for d, e in pairs])
    wanted = slow_abs_rel(
        [1 / max(scale / d + shift, 1e-9) for d in p], g, 1e-3, 7
    )
    fitted = found['scale_shift_disparity']
    assert fitted.fit == pytest.approx((scale, shift), rel=1e-6)
    assert fitted.values[key] == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize('name', EVERY)
def test_a_scale_changes_no_aligned_figure(name):
    """Twice is exact in binary, so equal to the last digit."""
    protocol = PROTOCOLS[name]
    pred, gt = map(torch.from_numpy, scene(2, size_of(name)))
    plain = measure_aligned(protocol, pred, gt)
    twice = measure_aligned(protocol, 2 * pred, gt)
    for alignment in ALIGNMENTS:
        assert plain[alignment].values == twice[alignment].values
    assert twice['median'].fit.scale == plain['median'].fit.scale / 2


@pytest.mark.parametrize('name', EVERY)
def test_a_shift_changes_no_figure_of_scale_and_shift(name):
    protocol = PROTOCOLS[name]
    pred, gt = map(torch.from_numpy, scene(3, size_of(name)))
    plain = measure_aligned(protocol, pred, gt)['scale_shift']
    moved = measure_aligned(protocol, 0.5 * pred + 0.3, gt)['scale_shift']
    assert moved.values == pytest.approx(plain.values, rel=2e-6)
    exact = measure_aligned(protocol, 0.5 * gt.double() + 0.3, gt)
    ceiling = protocol.gt_ceiling
    if ceiling is None:  # else the truth is bent there, and the map is not
        assert exact['scale_shift'].fit == pytest.approx((2, -0.6), rel=1e-9)
        errors = dict(
            zip(protocol.keys, exact['scale_shift'].values, strict=True)
        )
        assert errors['silog'] < 1e-5


def test_a_map_right_in_disparity():
    protocol = named('custom', max_depth=10.0)
    _, gt = map(torch.from_numpy, scene(4, (30, 40)))
    disparity = 1 / gt.double().clamp(min=0.5)
    pred = 1 / (0.25 * disparity + 0.125)
    found = measure_aligned(protocol, pred, gt)['scale_shift_disparity']
    assert found.fit == pytest.approx((4, -0.5), rel=1e-9)
    errors = dict(zip(protocol.keys, found.values, strict=True))
    assert errors['abs_rel'] < 1e-12 and errors['d1'] == 1


def test_predicted_zeros_have_no_disparity():
    protocol = named('custom', max_depth=10.0)
    gt = line(1, 2, 4, 5)[None]
    pred = line(1, 2, 0, 5)[None]
    low = line(1, 2, 1e-3, 5)[None]
    found = [
        measure_aligned(protocol, p, gt)['scale_shift_disparity']
        for p in (pred, low)
    ]
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ('protocol', 'wanted'),
    [
        (PROTOCOLS['nyu_eigen'], (1e-3, 10)),
        (PROTOCOLS['sun_rgbd'], (1e-3, 8)),
        (PROTOCOLS['kitti_official'], (1 / 256, 65535 / 256)),
        (named('custom', max_depth=5.0, clamp=False), (1 / 256, 5.0)),
        (
            named('custom', min_depth=0.5, max_depth=999.0, clamp=False),
            (0.5, 65535 / 256),
        ),
    ],
)
def test_range_after_aligning(protocol, wanted):
    assert aligned_range(protocol) == wanted


def test_aligned_depths_are_clamped_after_the_fit():
    """Least squares of (0, 1), (1, 1), (2, 4) is 1.5 d + 0.5, to 2..3."""
    protocol = replace(
        named('custom', max_depth=9.0, crop=(0, 1, 0, 3)), clamp=(2.0, 3.0)
    )
    found = measure_aligned(protocol, line(0, 1, 2)[None], line(1, 1, 4)[None])
    aligned, gt = line(2, 2, 3), line(1, 1, 4)
    wanted = ((aligned - gt).abs() / gt).mean().item()
    assert found['scale_shift'].fit == pytest.approx((1.5, 0.5))
    key = protocol.keys.index('abs_rel')
    assert found['scale_shift'].values[key] == pytest.approx(wanted)
