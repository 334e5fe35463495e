"""Sums of depth by distance, against slow ones and by hand."""

import numpy as np
import pytest
import torch
from judged import named
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from xnet_mm.evaluation.depth_functional import FUNCTIONS
from xnet_mm.evaluation.depth_protocols import PROTOCOLS
from xnet_mm.report.data import Split
from xnet_mm.report.depth import (
    MEANINGS,
    DepthCounts,
    DepthTally,
    distance_edges,
)
from xnet_mm.report.worst import Worst


@pytest.mark.parametrize(
    ('far', 'edges'),
    [
        (10, [*range(11)]),
        (80, [*range(0, 90, 10)]),
        (7.3, [*range(8)]),
        (0.5, [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5]),
    ],
)
def test_edges_are_round(far, edges):
    np.testing.assert_allclose(distance_edges(far), edges, atol=1e-12)


def test_every_figure_has_a_name():
    assert {*MEANINGS} == {*FUNCTIONS}


def test_bins_by_a_loop():
    rng = np.random.default_rng(0)
    gt = rng.uniform(0.1, 12, 500)
    gt[:3] = 1.0, 2.0, 4.0  # on an edge: of the bin that begins there
    pred = gt * rng.uniform(0.6, 1.6, 500)
    counts = DepthCounts(
        PROTOCOLS['kitti_official'], np.array([0.0, 1, 2, 4]), Worst()
    )
    counts.add(pred[:200], gt[:200])
    counts.add(pred[200:], gt[200:])
    for i, (low, high) in enumerate([(0, 1), (1, 2), (2, 4), (4, np.inf)]):
        inside = (gt >= low) & (gt < high)
        p, g = pred[inside], gt[inside]
        assert counts.pixels[i] == inside.sum()
        assert counts.abs_rel[i] == pytest.approx((abs(p - g) / g).sum())
        assert counts.close[i] == (np.maximum(p / g, g / p) < 1.25).sum()


def sample_of(pred, gt, name):
    sample = SegDataSample(metainfo=dict(img_path=f'/data/{name}'))
    sample.pred_depth_map = PixelData(data=torch.tensor([pred]))
    if gt is not None:
        sample.gt_depth_map = PixelData(data=torch.tensor([gt]))
    return sample


def test_what_the_protocol_leaves_out(monkeypatch):
    monkeypatch.setattr(DepthTally, 'draw', lambda self, sample: {})
    split = Split('validation', None, '/data', 1)
    protocol = named('custom', max_depth=4.0)
    tally = DepthTally(split, protocol, 4.0)
    tally.add(sample_of([[2.0, 9.0, 3.0]], [[1.0, 3.0, 4.5]], 'a.png'))
    tally.add(sample_of([[2.0, 1.0, 1.0]], [[2.0, 0.0, 0.0]], 'b.png'))
    tally.add(sample_of([[2.0]], None, 'c.png'))
    tally.add(sample_of([[2.0]], [[0.0]], 'd.png'))
    counts = tally.counts
    assert counts.images == 2
    assert counts.edges[-1] < 4  # nothing counts from 4 m on
    assert counts.pixels.sum() == 3
    # 9 m is clamped to 4 m: 1/1 and 1/3, then 0.
    assert counts.abs_rel.sum() == pytest.approx(4 / 3)
    assert [s.name for s in counts.worst.found()] == ['a.png', 'b.png']
    assert counts.worst.found()[0].caption == (
        'AbsRel 0.6667, RMSE 1.0000, δ1 0.0000; colours 1.04–2.96 m'
    )


def test_a_protocol_without_end():
    split = Split('validation', None, '/data', 1)
    tally = DepthTally(split, PROTOCOLS['kitti_official'], 80.0)
    assert tally.counts.edges.tolist() == [*range(0, 90, 10)]
