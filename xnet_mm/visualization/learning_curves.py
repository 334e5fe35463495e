"""Learning curves of several trainings, and beside them where they ended."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator

# Okabe and Ito: told apart also by the colour-blind. Without its yellow,
# which is too pale for a line on white.
COLOURS = (
    *('#0072B2', '#D55E00', '#009E73', '#CC79A7'),
    *('#56B4E9', '#E69F00', '#000000'),
)
STYLES = ('-', '--', ':')  # for more curves than colours
POINTS = 40  # of a curve that is left after smoothing
GREY = '#767676'

Curve = Mapping[int, float]  # iteration -> value


def draw_learning_curves(
    curves: Mapping[str, Mapping[str, Sequence[Curve]]],
    results: Mapping[str, Mapping[str, Sequence[float]]],
    reference: str,
    over: str = 'iteration',
) -> Figure:
    """Panels of curves, then panels of final figures with a row a name.

    A curve is the mean over the runs, its band reaches from the lowest to
    the highest; where there are few points, each run has a thin line too.
    The rows' names have the colours of the curves: they are the legend.

    Args:
        curves: Panel title -> name -> one curve a run.
        results: Panel title -> name -> one figure a run; all panels have the
            same names, in the order of the rows.
        reference: The name whose mean is drawn through all rows.
        over: What the curves are drawn over.

    Returns:
        The figure, as wide as it has panels.
    """
    names = list(next(iter(results.values())))
    looks = {
        name: dict(
            color=COLOURS[i % len(COLOURS)],
            linestyle=STYLES[i // len(COLOURS) % len(STYLES)],
        )
        for i, name in enumerate(names)
    }
    widths = [4.0] * len(curves) + [2.0] * len(results)
    room = 0.07 * max(map(len, names))  # inches, for the rows' names
    figure = Figure(
        figsize=(sum(widths) + room, max(3.4, 0.42 * len(names) + 1.2)),
        layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.08),
    )
    axes = figure.subplots(1, len(widths), width_ratios=widths)
    for axis, (title, panel) in zip(axes, curves.items(), strict=False):
        _draw_curves(axis, panel, looks, over)
        axis.set_title(title, loc='left', fontsize=10, weight='bold')
    rows = axes[len(curves) :]
    for axis, (title, figures) in zip(rows, results.items(), strict=True):
        _draw_dots(axis, figures, looks, reference)
        axis.set_title(title, loc='left', fontsize=10, weight='bold')
        axis.tick_params('y', length=0, labelleft=axis is rows[0])
    for label, name in zip(rows[0].get_yticklabels(), names, strict=True):
        label.set(color=looks[name]['color'], fontsize=9)
    return figure


def smooth(values: np.ndarray, window: int) -> np.ndarray:
    """Centred moving average (N,) of values (N,); at the ends of fewer."""
    kernel = np.ones(window)
    counts = np.convolve(np.ones(len(values)), kernel, 'same')
    return np.convolve(values, kernel, 'same') / counts


def _draw_curves(
    axis: Axes,
    panel: Mapping[str, Sequence[Curve]],
    looks: Mapping[str, dict],
    over: str,
) -> None:
    """Mean and band of the iterations that all runs of a name have."""
    for name, runs in panel.items():
        steps = sorted(set.intersection(*map(set, runs))) if runs else []
        if not steps:
            continue
        window = max(1, len(steps) // POINTS)
        values = np.array(
            [smooth(np.array([run[s] for s in steps]), window) for run in runs]
        )
        axis.plot(
            steps, values.mean(0), label=name, linewidth=1.8, **looks[name]
        )
        axis.fill_between(
            *(steps, values.min(0), values.max(0)),
            color=looks[name]['color'],
            alpha=0.15,
            linewidth=0,
        )
        if len(steps) <= POINTS and len(values) > 1:
            axis.add_collection(
                LineCollection(
                    [np.column_stack([steps, row]) for row in values],
                    colors=looks[name]['color'],
                    linewidths=0.6,
                    alpha=0.7,
                )
            )
    axis.set_xlabel(
        f'{over} (line: mean of the runs, band: their range)',
        fontsize=8,
        color=GREY,
    )
    axis.xaxis.set_major_locator(MaxNLocator(5))
    axis.margins(x=0)
    axis.grid(axis='y', color='#e6e6e6')
    tidy(axis)


def _draw_dots(
    axis: Axes,
    panel: Mapping[str, Sequence[float]],
    looks: Mapping[str, dict],
    reference: str,
) -> None:
    """A dot a run and a bar at the mean."""
    if panel[reference]:
        axis.axvline(
            float(np.mean(panel[reference])),
            color=GREY,
            linewidth=1,
            dashes=(2, 3),
        )
    for row, (name, values) in enumerate(panel.items()):
        colour = looks[name]['color']
        axis.scatter(
            *(values, [row] * len(values)),
            s=34,
            color=colour,
            alpha=0.65,
            edgecolors='white',
            linewidths=0.8,
            zorder=3,
        )
        if values:
            axis.vlines(
                *(np.mean(values), row - 0.32, row + 0.32),
                color=colour,
                linewidth=2.6,
                zorder=2,
            )
    axis.set_yticks(range(len(panel)), list(panel))
    axis.set_ylim(len(panel) - 0.4, -0.6)  # the first row on top
    axis.xaxis.set_major_locator(MaxNLocator(4, min_n_ticks=3))
    axis.margins(x=0.12)
    axis.grid(axis='x', color='#e6e6e6')
    tidy(axis)


def tidy(axis: Axes) -> None:
    """Leave out the frame, and colour the rest so that data stand out."""
    axis.set_axisbelow(True)
    axis.spines[['top', 'right', 'left']].set_visible(False)
    axis.spines['bottom'].set_color(GREY)
    axis.tick_params(colors=GREY, labelsize=8, length=0)
