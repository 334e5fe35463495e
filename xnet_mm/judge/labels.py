"""Label maps of any program against true ones, by `--labels`."""

from collections.abc import Sequence
from dataclasses import asdict
from io import BytesIO
from typing import Any

import numpy as np
from prettytable import PrettyTable

from ..fileio.atomic import write_atomically
from ..visualization.confusion import draw_confusion
from .card import describe_sides, left_out, versions
from .files import Files
from .label_judge import (
    RULES,
    LabelFigures,
    LabelVerdict,
    judge_labels,
    summarize,
)
from .label_space import LabelSpace
from .pairs import Pairing, describe_alone
from .sources import LABEL_SUFFIXES
from .table import Row, write_csv, write_json

CARD, IMAGES = 'card.json', 'images.csv'
CONFUSION, PICTURE = 'confusion.csv', 'confusion.png'


def evaluate_labels(files: Files, space: LabelSpace) -> LabelFigures:
    """Judge label maps, print the figures, write card, tables and picture.

    Args:
        files: What is compared, and where to.
        space: The classes.

    Raises:
        FileNotFoundError or ValueError: no pair, a file that cannot be
            judged, or no pixel that counts. Nothing is written then.
    """
    pairing = files.pair(LABEL_SUFFIXES)
    verdicts, wrong = judge_labels(pairing.pairs, space, files.workers)
    files.refuse(wrong, 'files that cannot be judged')
    if not verdicts:
        raise ValueError(describe_alone(wrong, 'files that cannot be judged'))
    figures = summarize(verdicts, len(space.classes))
    alone = (*pairing.alone, *wrong)
    excluded = [
        (str(v.pair.prediction), v.left_out) for v in verdicts if v.left_out
    ]
    card = _card(files, space, pairing, verdicts, figures)
    card |= dict(left_out=left_out(alone, excluded), versions=versions())
    picture = BytesIO()
    drawn = draw_confusion(figures.confusion, space.classes)
    drawn.savefig(picture, format='png', dpi=150)
    write_csv(files.out / IMAGES, image_rows(verdicts, len(space.classes)))
    write_csv(files.out / CONFUSION, confusion_rows(figures, space.classes))
    write_atomically(files.out / PICTURE, picture.getvalue())
    write_json(files.out / CARD, card)
    lines = [
        f'Labels: {space.describe()}',
        f'counted: {figures.images} images, {figures.pixels} pixels',
        f'left out: {len(excluded)} images' if excluded else '',
        *(f'{file}: {why}' for file, why in excluded[:3]),
        *pairing.notes,
        describe_alone(alone, 'files left out') if alone else '',
    ]
    print('\n  '.join(filter(None, lines)))
    print(class_table(figures, space.classes))
    print(overall_table(figures))
    names = ', '.join((CARD, IMAGES, CONFUSION, PICTURE))
    print(f'Written to {files.out}: {names}')
    return figures


def class_table(figures: LabelFigures, classes: Sequence[str]) -> PrettyTable:
    """IoU and accuracy of each class, in %; - where it does not occur."""
    table = PrettyTable(['class', *figures.by_class])
    table.align['class'] = 'l'
    for i, name in enumerate(classes):
        values = [column[i] for column in figures.by_class.values()]
        shown = [f'{v:.2f}' if v == v else '-' for v in values]
        table.add_row([name, *shown])
    return table


def overall_table(figures: LabelFigures) -> PrettyTable:
    """The figures over all classes, in %."""
    table = PrettyTable(list(figures.overall))
    table.add_row([f'{value:.2f}' for value in figures.overall.values()])
    return table


def image_rows(verdicts: Sequence[LabelVerdict], classes: int) -> list[Row]:
    """A row an image, its own figures in % over the classes that it has."""
    rows = []
    for v in verdicts:
        own = None if v.left_out else summarize([v], classes)
        row: Row = dict(
            name=v.pair.name,
            prediction=str(v.pair.prediction),
            truth=str(v.pair.truth or ''),
            size=v.size,
            pixels=own.pixels if own else 0,
            left_out=v.left_out,
        )
        for key in ('aAcc', 'mIoU', 'mAcc', 'boundary_IoU', 'boundary_F1'):
            row[key] = own.overall[key] if own else None
        rows.append(row)
    return rows


def confusion_rows(figures: LabelFigures, classes: Sequence[str]) -> list[Row]:
    """Pixels: a row a true class, a column a predicted one."""
    return [
        dict(zip(('true', *classes), (name, *row), strict=True))
        for name, row in zip(
            classes, np.asarray(figures.confusion).tolist(), strict=True
        )
    ]


def _card(
    files: Files,
    space: LabelSpace,
    pairing: Pairing,
    verdicts: Sequence[LabelVerdict],
    figures: LabelFigures,
) -> dict[str, Any]:
    """All but what was left out."""
    return dict(
        task='labels',
        classes=asdict(space),
        boundary=dict(
            band=RULES.band,
            tolerance=RULES.tolerance,
            unit="share of the image's diagonal",
        ),
        **describe_sides(
            (files.predictions, files.truth),
            pairing,
            [(v.pair, v.digests) for v in verdicts],
        ),
        images=dict(
            judged=len(verdicts),
            counted=figures.images,
            pixels=figures.pixels,
        ),
        figures=figures.overall,
        figures_by_class={
            key: dict(zip(space.classes, values.tolist(), strict=True))
            for key, values in figures.by_class.items()
        },
    )
