"""What a page says of segmentation."""

import numpy as np

from .charts import draw_reliability
from .classes import BINS, ClassCounts
from .markup import (
    bars,
    charts,
    folded,
    legend,
    paragraph,
    table,
    text,
    tiles,
)
from .measure import Measured

FEW = 24  # classes that are shown one by one
BEST, WORST = 8, 12  # of more classes
CONFUSED = 20
LEAST = 0.5  # per cent; less has no number in the matrix
HALF = 55.0  # per cent; from here on the ground is dark
LARGEST = 10  # confusions that are listed


def class_table(found: Measured) -> str:
    """IoU of each class with a bar; the rest folded where there are many."""
    counts = found.classes
    assert counts is not None
    true = counts.confusion.sum(1)
    iou, acc = found.by_class['IoU'], found.by_class['Acc']
    order = np.argsort(-np.where(np.isfinite(iou), iou, -1), kind='stable')
    head = ['class', 'IoU', 'Acc', 'share']

    def rows(chosen: np.ndarray) -> str:
        return bars(
            head,
            [
                (
                    counts.classes[i],
                    counts.palette[i],
                    [
                        percent(iou[i]),
                        percent(acc[i]),
                        f'{100 * true[i] / max(1, true.sum()):.1f} %',
                    ],
                    float(np.nan_to_num(iou[i])) / 100,
                )
                for i in chosen
            ],
        )

    words = paragraph(
        'In %, the best on top. Acc: share of the true pixels of a class '
        'that are found. Share: of the class in the true pixels of the '
        'validation data. A class without a number does not occur.',
        'soft',
    )
    if len(order) <= FEW:
        return words + rows(order)
    seen = order[np.isfinite(iou[order])]
    return (
        f'{words}<h3>The best</h3>{rows(seen[:BEST])}'
        f'<h3>The worst</h3>{rows(seen[BEST:][-WORST:])}'
        + folded(f'All {len(order)} classes', rows(order))
    )


def class_legend(counts: ClassCounts) -> str:
    """The colours of the pictures, where they are few."""
    if len(counts.classes) > FEW:
        return ''
    return legend(zip(counts.classes, counts.palette, strict=True))


def percent(value: float) -> str:
    """With two decimals, as the metric prints it."""
    return f'{value:.2f}' if np.isfinite(value) else '–'


def confusion(counts: ClassCounts) -> str:
    """The matrix, of the most confused classes where there are many."""
    matrix, names = counts.confusion, [*counts.classes]
    words = (
        'Rows are true classes, columns predicted ones; each row is 100 % '
        'of its true pixels.'
    )
    if len(names) > FEW:
        matrix, names = most_confused(counts, CONFUSED)
        words += (
            f' Shown are the {CONFUSED} classes with the most wrong pixels; '
            'all others are one row and one column.'
        )
    return (
        paragraph(words, 'soft')
        + _matrix(matrix, names)
        + '<h3>The largest confusions</h3>'
        + _largest(counts)
    )


def most_confused(
    counts: ClassCounts, most: int
) -> tuple[np.ndarray, list[str]]:
    """The matrix of the classes with the most wrong pixels, and the others.

    Returns:
        (most + 1, most + 1) pixels, and as many names, the last 'others'.
    """
    matrix = counts.confusion
    wrong = matrix.sum(0) + matrix.sum(1) - 2 * np.diag(matrix)
    chosen = np.sort(np.argsort(-wrong, kind='stable')[:most])
    group = np.full(len(matrix), len(chosen))
    group[chosen] = np.arange(len(chosen))
    small = np.zeros((len(chosen) + 1,) * 2, matrix.dtype)
    np.add.at(small, (group[:, None], group[None]), matrix)
    return small, [*(counts.classes[i] for i in chosen), 'others']


def _matrix(matrix: np.ndarray, names: list[str]) -> str:
    share = 100 * matrix / np.maximum(1, matrix.sum(1, keepdims=True))
    head = ''.join(f'<th scope="col">{text(name)}</th>' for name in names)
    lines = []
    for name, row in zip(names, share, strict=True):
        cells = []
        for other, value in zip(names, row.tolist(), strict=True):
            ink = ';color:#fff' if value > HALF else ''
            number = f'{value:.0f}' if value >= LEAST else ''
            about = text(f'{name} as {other}: {value:.2f} %')
            cells.append(
                f'<td title="{about}" style="background:'
                f'rgb(0 90 160 / {value:.0f}%){ink}">{number}</td>'
            )
        lines.append(
            f'<tr><th scope="row">{text(name)}</th>{"".join(cells)}</tr>'
        )
    return (
        f'<div class="wide"><table class="matrix"><thead><tr><td></td>{head}'
        f'</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'
    )


def _largest(counts: ClassCounts) -> str:
    """Which class is taken for which, by the number of pixels."""
    wrong = counts.confusion.copy()
    np.fill_diagonal(wrong, 0)
    total = counts.confusion.sum(1)
    rows = []
    for place in np.argsort(-wrong, axis=None, kind='stable')[:LARGEST]:
        true, predicted = divmod(int(place), len(wrong))
        pixels = int(wrong[true, predicted])
        if pixels:
            rows.append(
                [
                    counts.classes[true],
                    counts.classes[predicted],
                    f'{100 * pixels / total[true]:.1f} %',
                    f'{100 * pixels / total.sum():.2f} %',
                ]
            )
    if not rows:
        return paragraph('None: every pixel is right.')
    head = ['true', 'predicted as', 'of the class', 'of all pixels']
    return table(head, rows, 2)


def reliability(counts: ClassCounts) -> str:
    """The diagram, and what it comes to."""
    found = counts.reliability
    if not found.pixels.any():
        return paragraph('This model gives no scores of its classes.')
    error = found.expected_error()
    total = int(found.pixels.sum())
    sure = found.confidence.sum() / total
    right = found.right.sum() / total
    words = (
        'The confidence of a pixel is the probability of the class that is '
        f'predicted for it. On the mean it is {100 * sure:.1f} %, and '
        f'{100 * right:.1f} % of the pixels are right: the model is '
        + (
            'about as sure as it is right.'
            if abs(sure - right) < 0.01
            else 'surer than it is right.'
            if sure > right
            else 'less sure than it is right.'
        )
        + f' Expected calibration error: the mean distance of both, in {BINS} '
        'bins of equal width; 0 is best.'
    )
    rows = [
        [
            f'{100 * i / BINS:.0f}–{100 * (i + 1) / BINS:.0f} %',
            f'{100 * found.pixels[i] / total:.2f} %',
            f'{100 * found.confidence[i] / found.pixels[i]:.1f} %',
            f'{100 * found.right[i] / found.pixels[i]:.1f} %',
        ]
        for i in range(BINS)
        if found.pixels[i]
    ]
    head = ['confidence', 'share of pixels', 'mean confidence', 'right']
    return (
        tiles({'expected calibration error': f'{100 * error:.2f} %'})
        + paragraph(words, 'soft')
        + charts([('reliability diagram', draw_reliability(found))])
        + folded('The numbers', table(head, rows))
    )
