"""The charts of a report, as SVG that reads on white and on black."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from itertools import pairwise

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from ..ablation.logs import RunLog
from ..visualization.learning_curves import (
    COLOURS,
    GREY,
    POINTS,
    smooth,
    tidy,
)
from .classes import BINS, Reliability
from .depth import DepthCounts

BLUE, ORANGE, GREEN = COLOURS[:3]
FAINT = 0.3
SIZE = (4.4, 2.7)  # inches


def draw_curves(
    log: RunLog, metrics: Mapping[str, str], chosen: int, over: str
) -> list[bytes]:
    """Loss, learning rate, and each metric of the validation.

    Args:
        log: of the run.
        metrics: name in the log -> title.
        chosen: step of the checkpoint that is reported on.
        over: what validations are counted by, 'iteration' or 'epoch'.
    """
    found = []
    if log.losses:
        found.append(_draw_loss(log.losses))
    if log.rates:
        found.append(_draw_line('learning rate', log.rates))
    for name, title in metrics.items():
        points = {
            step: figures[name]
            for step, figures in log.validations.items()
            if name in figures
        }
        if points:
            found.append(_draw_line(title, points, chosen, over))
    return found


def _new(title: str, over: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=SIZE, layout='constrained')
    axis = figure.subplots()
    axis.set_title(title, loc='left', fontsize=10, weight='bold', color=GREY)
    axis.set_xlabel(over, fontsize=8, color=GREY)
    axis.xaxis.set_major_locator(MaxNLocator(6))
    axis.grid(axis='y', color=GREY, alpha=0.25)
    tidy(axis)
    return figure, axis


def _draw_loss(losses: Mapping[int, float]) -> bytes:
    """As it was logged, and smoothed over a fortieth of the run."""
    figure, axis = _new('training loss', 'iteration')
    steps = sorted(losses)
    values = np.array([losses[step] for step in steps])
    window = max(1, len(steps) // POINTS)
    axis.plot(steps, values, color=BLUE, linewidth=0.8, alpha=FAINT)
    axis.plot(steps, smooth(values, window), color=BLUE, linewidth=1.8)
    axis.margins(x=0)
    if values.min() > 0 and values.max() > 20 * values.min():
        axis.set_yscale('log')
        tidy(axis)
    return svg(figure)


def _draw_line(
    title: str,
    points: Mapping[int, float],
    chosen: int | None = None,
    over: str = 'iteration',
) -> bytes:
    figure, axis = _new(title, over)
    steps = sorted(points)
    colour = ORANGE if chosen is None else GREEN
    style = '' if chosen is None else 'o'
    values = [points[step] for step in steps]
    axis.plot(
        *(steps, values), color=colour, linewidth=1.8, marker=style, ms=4
    )
    if chosen is not None and chosen in points:
        axis.plot(
            *([chosen], [points[chosen]]),
            color=ORANGE,
            marker='o',
            ms=9,
            mfc='none',
            mew=2,
        )
    return svg(figure)


def draw_reliability(found: Reliability) -> bytes:
    """Share of right pixels over confidence, with the share of pixels."""
    figure, axis = _new('right, by confidence', 'confidence')
    edges = np.linspace(0, 1, BINS + 1)
    width = 1 / BINS
    has = found.pixels > 0
    counts = np.maximum(found.pixels, 1)
    right, sure = found.right / counts, found.confidence / counts
    axis.bar(
        *(edges[:-1][has], right[has], width),
        align='edge',
        color=BLUE,
        edgecolor='none',
        label='share that is right',
    )
    axis.plot(
        *(sure[has], sure[has]),
        linestyle='none',
        marker='_',
        ms=12,
        mew=2,
        color=ORANGE,
        label='mean confidence: where the bar should end',
    )
    axis.plot([0, 1], [0, 1], color=GREY, linewidth=1, dashes=(2, 3))
    axis.set(xlim=(0, 1), ylim=(0, 1.02))
    axis.yaxis.set_major_formatter(PercentFormatter(1))
    axis.legend(fontsize=8, frameon=False, labelcolor=GREY, loc='upper left')
    return svg(figure)


def draw_shares(
    title: str, over: str, edges: Sequence[float], pixels: np.ndarray
) -> bytes:
    """A histogram: which share of the pixels lies between two edges."""
    figure, axis = _new(title, over)
    axis.bar(
        edges[:-1],
        pixels / max(1, pixels.sum()),
        np.diff(edges),
        align='edge',
        color=BLUE,
        edgecolor='none',
    )
    axis.yaxis.set_major_formatter(PercentFormatter(1))
    axis.margins(x=0)
    return svg(figure)


def draw_by_distance(counts: DepthCounts) -> list[bytes]:
    """AbsRel and δ1 over true distance."""
    has = counts.pixels > 0
    places = np.arange(len(counts.edges))[has]
    pixels = counts.pixels[has]
    names = [
        name for name, one in zip(bin_names(counts), has, strict=True) if one
    ]
    found = []
    for title, values, colour in (
        ('AbsRel by true distance ↓', counts.abs_rel[has] / pixels, BLUE),
        ('δ1 by true distance ↑', counts.close[has] / pixels, GREEN),
    ):
        figure, axis = _new(title, 'metres')
        axis.bar(places, values, 0.8, color=colour)
        axis.set_xticks(places, names)
        found.append(svg(figure))
    return found


def bin_names(counts: DepthCounts) -> list[str]:
    """'0–1' for each bin; the last has no end if the protocol has none."""
    edges = [*counts.edges.tolist(), counts.protocol.max_depth]
    return [
        f'{low:g}–{high:g}' if np.isfinite(high) else f'≥ {low:g}'
        for low, high in pairwise(edges)
    ]


def svg(figure: Figure) -> bytes:
    """A figure without background; equal ones give equal bytes."""
    data = BytesIO()
    with matplotlib.rc_context({'svg.hashsalt': 'xnet_mm'}):
        figure.savefig(
            data, format='svg', transparent=True, metadata=dict(Date=None)
        )
    return data.getvalue()
