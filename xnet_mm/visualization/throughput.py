"""Images a second of several models against size or batch."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from .learning_curves import COLOURS, STYLES


def fit_exponent(pixels: Sequence[float], seconds: Sequence[float]) -> float:
    """The p of seconds ~ pixels^p, by least squares of the logarithms."""
    return float(np.polyfit(np.log(pixels), np.log(seconds), 1)[0])


def draw_throughput(
    series: Mapping[str, Mapping[float, float]], axis: str
) -> Figure:
    """Both axes are logarithmic: linear cost is a line of slope -1.

    Args:
        series: name -> pixels of an image (or batch) -> images a second.
        axis: 'size' or 'batch'. For sizes the legend has the exponent of
            the time's growth.
    """
    figure = Figure(figsize=(7.2, 4.2), layout='constrained')
    panel = figure.subplots()
    for i, (name, points) in enumerate(series.items()):
        x, y = list(points), list(points.values())
        if axis == 'size' and len(x) > 2:
            seconds = [1 / v for v in y]
            name = f'{name} (pixels$^{{{fit_exponent(x, seconds):.2f}}}$)'
        panel.plot(
            x,
            y,
            marker='o',
            label=name,
            color=COLOURS[i % len(COLOURS)],
            linestyle=STYLES[i // len(COLOURS) % len(STYLES)],
        )
    panel.set(xscale='log', yscale='log', ylabel='images/s')
    ticks = sorted({x for points in series.values() for x in points})
    if axis == 'size':
        panel.set_xlabel('megapixels of an image')
        panel.set_xticks(ticks, [f'{t / 1e6:.2g}' for t in ticks])
    else:
        panel.set_xlabel('batch')
        panel.set_xticks(ticks, [str(t) for t in ticks])
    panel.xaxis.set_minor_formatter(NullFormatter())
    for formatter in ('set_major_formatter', 'set_minor_formatter'):
        getattr(panel.yaxis, formatter)(ScalarFormatter())
    panel.grid(alpha=0.3)
    figure.legend(loc='outside right upper', frameon=False, fontsize=8)
    return figure
