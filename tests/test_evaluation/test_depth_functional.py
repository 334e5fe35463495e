from math import log, log10, sqrt

import numpy as np
import pytest
import torch

from xnet_mm.evaluation import depth_functional as F

LN2 = log(2)
PRED, GT = [2.0, 8.0], [2.0, 2.0]  # e = ln d - ln g = (0, 2 ln 2)


@pytest.mark.parametrize(
    ('name', 'expected'),
    [
        ('abs_rel', (0 + 6 / 2) / 2),
        ('sq_rel', (0 + 36 / 2) / 2),
        ('rmse', sqrt((0 + 36) / 2)),
        ('rmse_log', sqrt((0 + 4 * LN2**2) / 2)),
        ('log10', (0 + log10(4)) / 2),
        ('silog', 100 * sqrt(2 * LN2**2 - LN2**2)),
        ('silog_half', sqrt(2 * LN2**2 - LN2**2 / 2)),
        ('d1', 1 / 2),
        ('d2', 1 / 2),
        ('d3', 1 / 2),
        ('irmse', 1000 * sqrt((0 + 0.375**2) / 2)),
        ('abs_rel_percent', 150),
        ('sq_rel_percent', 100 * (0 + 36 / 4) / 2),
    ],
)
def test_by_hand(name, expected):
    function = F.FUNCTIONS[name]
    for kind in (
        lambda x: torch.tensor(x),
        lambda x: torch.tensor(x, dtype=torch.float64),
        lambda x: np.array(x, np.float32),
    ):
        value = function(kind(PRED), kind(GT))
        assert value.dtype == torch.float64
        assert value.item() == pytest.approx(expected, rel=1e-14)


def test_every_function_is_tested():
    assert len(F.FUNCTIONS) == 13


def test_delta_excludes_its_threshold_and_is_symmetric():
    ratio, one = torch.tensor([1, 1.25, 1.25**2, 1.25**3]), torch.ones(4)
    for k, expected in ((1, 0.25), (2, 0.5), (3, 0.75)):
        assert F.delta(ratio, one, k) == expected
        assert F.delta(one, ratio, k) == expected


def test_constant_ratio_has_no_silog():
    gt = torch.rand(1000, generator=torch.manual_seed(0)) * 9 + 1
    for scale in (0.3, 0.9, 1.0, 1.1, 3.0):
        # The variance is 0 up to the rounding of float64: no NaN.
        assert 0 <= F.silog(gt.double() * scale, gt) < 1e-5
    assert F.silog_half(gt, gt) == 0


def test_accumulates_in_float64():
    gt = torch.ones(100_000)
    pred = gt + 1e-4  # float32: 1.00010001659...
    expected = float(np.float32(1) + np.float32(1e-4)) - 1
    assert F.abs_rel(pred, gt).item() == pytest.approx(expected, rel=1e-12)
    assert F.rmse(pred, gt).item() == pytest.approx(expected, rel=1e-12)
