"""The sections of a page, in order."""

from collections.abc import Iterator, Sequence

import numpy as np

from ..ablation.figures import EDGES
from ..evaluation.boundary_metric import STEPS
from .class_sections import (
    class_legend,
    class_table,
    confusion,
    reliability,
)
from .content import Report
from .depth import MEANINGS
from .depth_sections import by_distance, protocol_table
from .head import head
from .made import made
from .markup import image, paragraph, rows_of_panels, table
from .measure import Measured
from .pictures import Shown
from .training_sections import curves, data

BOUNDARY = {
    'boundary_IoU': 'IoU in % of the bands along the edges, so that large '
    'insides cannot hide wrong edges; 100 is best',
    'boundary_F1': 'edge pixels in % that have a true one near, and the '
    'other way round; 100 is best',
    'boundary_f1': 'jumps of depth from pixel to pixel that are true ones, '
    'and the other way round, 0 to 1; a jump one pixel off counts for nothing',
    **{
        f'boundary_f1_{step}': f'the same from pixels to those {step} '
        'farther, so that an edge may be as wide as that'
        for step in STEPS
    },
    'boundary_precision': 'share of the predicted jumps that are true',
    'boundary_recall': 'share of the true jumps that are predicted',
    'dbe_accuracy': 'how many pixels predicted edges lie beside the true '
    'ones; 0 is best',
    'dbe_completeness': 'the same with what is missed or made up as 10 '
    'pixels; 0 is best',
    **{
        f'grid_contrast_{cell}': 'how much more neighbours differ across a '
        f'grid of {cell} pixels: 1 where no blocks are painted'
        for cell in (32, 16, 8, 4)
    },
}


def sections(report: Report) -> Iterator[tuple[str, str]]:
    """Headings and their HTML; the first is the head of the page."""
    found = report.measured
    yield '', head(report)
    yield 'Training data', data(report)
    yield 'Learning curves', curves(report)
    if found.classes:
        yield 'Classes', class_table(found)
        yield 'Confusion', confusion(found.classes)
    if found.depth:
        yield 'Depth by protocol', protocol_table(found.depth, found.figures)
        yield 'Error by distance', by_distance(found.depth)
    for counts, what, key in (
        (
            found.classes,
            'classes',
            'mIoU over the classes of its truth or prediction',
        ),
        (found.depth, 'depth', ''),
    ):
        if counts and counts.images:
            both = found.classes and found.depth
            name = f'The worst images, {what}' if both else 'The worst images'
            if found.depth and not key:
                key = MEANINGS[found.depth.protocol.keys[0]][0]
            colours = ''
            if what == 'classes' and found.classes:
                colours = class_legend(found.classes)
            yield name, _worst(counts.worst.found(), key, what, colours)
    yield 'Boundaries', _boundaries(found)
    if found.classes:
        yield 'Confidence', reliability(found.classes)
    if report.grid is not None:
        yield 'A picture to share', _share(report, report.grid)
    yield 'How it was made', made(report.folder, report.run)


def _worst(
    images: Sequence[Shown], figure: str, what: str, colours: str
) -> str:
    errors = (
        'errors are red, what does not count is black'
        if what == 'classes'
        else 'errors from 25 % too near (blue) to 25 % too far (red), what '
        'does not count is black; near is bright'
    )
    words = f'By {figure}, the worst first; {errors}.'
    return paragraph(words, 'soft') + colours + rows_of_panels(images)


def _boundaries(found: Measured) -> str:
    rows = [
        [key, BOUNDARY[key], _shown_edge(key, found.figures[key])]
        for key in EDGES
        if key in found.figures
    ]
    words = ''
    if found.boundary:
        words = (
            f'The band is {100 * found.boundary.band:g} % of the image '
            f'diagonal wide, near is {100 * found.boundary.tolerance:g} % of '
            'it.'
        )
    head = ['figure', 'how to read it', 'value']
    return table(head, rows, 2) + (paragraph(words, 'soft') if words else '')


def _shown_edge(key: str, value: float) -> str:
    return f'{value:.{EDGES[key].digits}f}' if np.isfinite(value) else '–'


def _share(report: Report, grid: bytes) -> str:
    words = (
        f'Images in even steps through the validation data. The picture '
        f'lies beside this page: {report.grid_file.name}'
    )
    picture = image(grid, 'jpeg', 'images, truth and predictions')
    return paragraph(words, 'soft') + f'<div class="wide big">{picture}</div>'
