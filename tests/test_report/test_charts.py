"""Charts: what they show, read back from the figure or the SVG."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from xnet_mm.ablation.logs import RunLog
from xnet_mm.evaluation.depth_protocols import PROTOCOLS
from xnet_mm.report import charts
from xnet_mm.report.classes import Reliability
from xnet_mm.report.depth import DepthCounts
from xnet_mm.report.worst import Worst

LOG = RunLog(
    {step: 1 / step for step in range(1, 101)},
    {50: dict(mIoU=1.0), 100: dict(mIoU=2.0, other=3.0)},
    {1: 0.1, 100: 0.0},
)


@pytest.fixture
def axes(monkeypatch):
    """Of each figure that was drawn."""
    found = []
    plain = charts.svg

    def spy(figure):
        found.extend(figure.axes)
        return plain(figure)

    monkeypatch.setattr(charts, 'svg', spy)
    return found


def test_a_curve_of_each_that_was_logged(axes):
    drawn = charts.draw_curves(LOG, dict(mIoU='m', no='n'), 100, 'iteration')
    assert [a.get_title('left') for a in axes] == [
        *('training loss', 'learning rate', 'm'),
    ]
    loss, rate, metric = axes
    raw, smoothed = loss.lines
    assert raw.get_ydata().tolist() == [1 / s for s in range(1, 101)]
    assert smoothed.get_ydata()[-1] == pytest.approx((1 / 99 + 1 / 100) / 2)
    assert loss.get_yscale() == 'log'  # from 1 to 0.01
    assert rate.lines[0].get_xydata().tolist() == [[1, 0.1], [100, 0]]
    points, circle = metric.lines
    assert points.get_xydata().tolist() == [[50, 1], [100, 2]]
    assert circle.get_xydata().tolist() == [[100, 2]]
    for picture in drawn:
        assert ET.fromstring(picture).tag.endswith('svg')
        assert b'<script' not in picture


def test_a_checkpoint_that_was_not_validated(axes):
    charts.draw_curves(LOG, dict(mIoU='m'), -1, 'epoch')
    assert len(axes[-1].lines) == 1
    assert axes[-1].get_xlabel() == 'epoch'
    assert charts.draw_curves(RunLog({}, {}, {}), {}, 1, 'iteration') == []


def test_the_reliability_diagram(axes):
    found = Reliability()
    sure = np.array([0.95, 0.99, 0.5])
    found.add(sure, np.array([True, False, True]))
    charts.draw_reliability(found)
    (axis,) = axes
    heights = {round(bar.get_x(), 3): bar.get_height() for bar in axis.patches}
    assert heights == {round(14 / 15, 3): 0.5, round(7 / 15, 3): 1.0}
    means = axis.lines[0].get_ydata()
    assert means.tolist() == pytest.approx([0.5, 0.97])


def test_shares_add_up(axes):
    charts.draw_shares('t', 'metres', [0, 1, 2], np.array([1, 3]))
    assert [bar.get_height() for bar in axes[0].patches] == [0.25, 0.75]


def counts_of(protocol):
    counts = DepthCounts(
        PROTOCOLS[protocol], np.array([0.0, 1, 2]), Worst(), 1
    )
    counts.pixels[:] = 4, 0, 2
    counts.abs_rel[:] = 1, 0, 1
    counts.close[:] = 4, 0, 1
    return counts


def test_bins_without_pixels_are_left_out(axes):
    charts.draw_by_distance(counts_of('kitti_official'))
    error, close = axes
    assert [bar.get_height() for bar in error.patches] == [0.25, 0.5]
    assert [bar.get_height() for bar in close.patches] == [1, 0.5]
    labels = [label.get_text() for label in error.get_xticklabels()]
    assert labels == ['0–1', '≥ 2']


def test_the_last_bin_ends_with_the_protocol():
    assert charts.bin_names(counts_of('ddad')) == ['0–1', '1–2', '2–200']


def test_equal_charts_are_equal_bytes():
    one, two = (
        charts.draw_shares('t', 'm', [0, 1], np.array([1])) for _ in range(2)
    )
    assert one == two
    assert not re.search(rb'<dc:date>', one)
