"""A confusion matrix as a picture."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from .learning_curves import GREY

MOST_NUMBERS = 24  # classes, up to which each cell has its number
CELL = 0.42  # inches, with a number; less without
LOW = 0.5  # per cent: what is less has no number
COLOURS = 'Blues'


def draw_confusion(confusion: np.ndarray, classes: Sequence[str]) -> Figure:
    """Rows are true classes, columns predicted ones; each row is 100 %.

    A class that the truth does not have is an empty row. Up to 24 classes
    cells from 0.5 % on have their number.

    Args:
        confusion: (K, K) pixels.
        classes: K names.
    """
    count = len(classes)
    total = confusion.sum(1, keepdims=True)
    share = np.where(total > 0, 100 * confusion / np.maximum(total, 1), np.nan)
    with_numbers = count <= MOST_NUMBERS
    side = count * (CELL if with_numbers else CELL / 3)
    names = 0.085 * max(map(len, classes))  # inches, of the longest
    figure = Figure(
        figsize=(max(side, 2.4) + names + 1.6, max(side, 2.4) + names + 0.9),
        layout='constrained',
    )
    axis = figure.subplots()
    image = axis.imshow(share, cmap=COLOURS, vmin=0, vmax=100)
    size = 8 if with_numbers else 5
    axis.set_xticks(range(count), classes, rotation=90, fontsize=size)
    axis.set_yticks(range(count), classes, fontsize=size)
    axis.set(xlabel='predicted', ylabel='true')
    axis.tick_params(length=0)
    axis.spines[:].set_color(GREY)
    if with_numbers:
        for (row, column), value in np.ndenumerate(share):
            if value >= LOW:
                axis.text(
                    *(column, row, f'{value:.0f}'),
                    ha='center',
                    va='center',
                    fontsize=8,
                    color='white' if value > 55 else 'black',
                )
    bar = figure.colorbar(image, ax=axis, shrink=0.8, pad=0.02, aspect=30)
    bar.set_label('% of the true pixels')
    bar.outline.set_visible(False)
    return figure
