"""The sections of a page, in order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..ablation.figures import ALL, EDGES
from ..ablation.logs import RunLog
from ..prediction.run_folder import Run
from .charts import draw_curves, draw_shares
from .class_sections import (
    FEW,
    class_legend,
    class_table,
    confusion,
    reliability,
)
from .data import Split
from .depth_sections import MEANINGS, by_distance, protocol_table
from .facts import (
    counts_epochs,
    describe_inference,
    describe_model,
    facts_of_training,
    step_of,
)
from .made import made
from .markup import (
    bars,
    bullets,
    charts,
    facts,
    folded,
    image,
    paragraph,
    rows_of_panels,
    strip,
    table,
    text,
    tiles,
)
from .measure import Measured
from .overview import Overview

TILES = ('mIoU', 'aAcc', 'mAcc', 'abs_rel', 'd1', 'rmse', 'silog')
CURVES = (('mIoU',), ('abs_rel', 'silog'))  # one of each
BOUNDARY = {
    'boundary_IoU': 'IoU in % of the bands along the edges, so that large '
    'insides cannot hide wrong edges; 100 is best',
    'boundary_F1': 'edge pixels in % that have a true one near, and the '
    'other way round; 100 is best',
    'boundary_f1': 'jumps of depth from pixel to pixel that are true ones, '
    'and the other way round, 0 to 1; a jump one pixel off counts for nothing',
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


@dataclass
class Report:
    """All that a page is made of.

    Attributes:
        folder: of the run.
        run: its config and checkpoint.
        values: of the config.
        parameters: of the model, without an auxiliary head.
        validation: the data.
        measured: what the pass over them said.
        training: what was found of the training data, or why nothing.
        log: of the run, or why there is none.
        notes: lines that whoever asked for the page wants on it.
        grid: JPEG of the picture to share, or None.
        grid_file: where it lies.
    """

    folder: Path
    run: Run
    values: Mapping[str, Any]
    parameters: int
    validation: Split
    measured: Measured
    training: Overview | str
    log: RunLog | str
    notes: Sequence[str]
    grid: bytes | None
    grid_file: Path

    @property
    def title(self) -> str:
        """Of the page."""
        return self.folder.resolve().name


def sections(report: Report) -> Iterator[tuple[str, str]]:
    """Headings and their HTML; the first is the head of the page."""
    found = report.measured
    yield '', _head(report)
    yield 'Training data', _data(report)
    yield 'Learning curves', _curves(report)
    if found.classes:
        yield 'Classes', class_table(found)
        yield 'Confusion', confusion(found.classes)
    if found.depth:
        yield 'Depth by protocol', protocol_table(found.depth, found.figures)
        yield 'Error by distance', by_distance(found.depth)
    for counts, what, key in (
        (found.classes, 'classes', 'mIoU over the classes that it has or got'),
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
            yield name, _worst(counts.worst.found(), key, what) + colours
    yield 'Boundaries', _boundaries(found)
    if found.classes:
        yield 'Confidence', reliability(found.classes)
    if report.grid is not None:
        yield 'A picture to share', _share(report, report.grid)
    yield 'How it was made', made(report.folder, report.run)


def _head(report: Report) -> str:
    found, values = report.measured, report.values
    tasks = []
    if found.classes:
        tasks.append(
            f'Semantic segmentation, {len(found.classes.classes)} classes'
        )
    if found.depth:
        tasks.append('depth in metres' if tasks else 'Depth in metres')
    shown = {
        _title(key): _shown(key, found.figures[key])
        for key in TILES
        if key in found.figures
    }
    training = report.training
    log = report.log
    lines = {
        'measured on': f'{found.images} validation images, '
        + describe_inference(values, report.validation)
    }
    if found.classes:
        lines['classes'] = (
            "MMSegmentation's IoUMetric, in %: pixels summed over "
            f'{found.classes.images} images, then the mean over classes; '
            f'label {found.ignored} does not count'
        )
    if found.depth:
        protocol = found.depth.protocol
        lines['depth'] = f'protocol {protocol.name} ({protocol.source})'
    said = _said_by_log(report)
    if said:
        lines['by its log'] = said
    lines |= facts_of_training(
        values,
        report.run,
        log if isinstance(log, RunLog) else None,
        training if isinstance(training, Overview) else None,
    )
    notes = bullets(report.notes)
    return (
        f'<h1><span class="name">{text(report.title)}</span></h1>'
        + paragraph(
            f'{" and ".join(tasks)}: {describe_model(values)}, '
            f'{report.parameters / 1e6:.2f} M parameters',
            'soft',
        )
        + tiles(shown)
        + (f'<h3>What was understood</h3>{notes}' if notes else '')
        + facts(lines)
    )


def _title(key: str) -> str:
    name, _, better = MEANINGS.get(key, (key, '', ''))
    if key in ALL:
        better = ALL[key].better
    return f'{name} {better}'.strip()


def _shown(key: str, value: float) -> str:
    if not np.isfinite(value):
        return '–'
    return f'{value:.{2 if key in ("mIoU", "aAcc", "mAcc") else 4}f}'


def _said_by_log(report: Report) -> str:
    """What the validation said when the checkpoint was written."""
    if not isinstance(report.log, RunLog):
        return ''
    step = step_of(report.run.checkpoint)
    figures = report.log.validations.get(step, {})
    shown = [
        f'{_title(key)} {_shown(key, figures[key])}'
        for key in TILES
        if key in figures and key in report.measured.figures
    ]
    over = 'epoch' if counts_epochs(report.values) else 'iteration'
    return f'{", ".join(shown)} at {over} {step}' if shown else ''


def _data(report: Report) -> str:
    found = report.training
    if isinstance(found, str):
        return paragraph(f'Not shown: {found}')
    validated = report.measured.images
    sizes = ', '.join(
        f'{w}×{h} ({count})' for (w, h), count in found.sizes.most_common(4)
    )
    more = ', ...' if len(found.sizes) > 4 else ''
    some = (
        f' Looked at: {found.read} of them, in even steps.'
        if found.read < found.images - found.broken
        else ''
    )
    broken = f' {found.broken} could not be read.' if found.broken else ''
    words = (
        f'{found.images} images to train on, {validated} to validate. Width × '
        f'height of the training images: {sizes}{more}.{some}{broken}'
    )
    parts = [paragraph(words), strip(found.shown)]
    counts = report.measured.classes
    if found.classes is not None and counts:
        parts.append(_shares(report, found))
    if found.depths is not None:
        edges = np.linspace(0, found.far, len(found.depths) + 1).tolist()
        total = found.unknown + int(found.depths.sum())
        parts.append(
            charts(
                [
                    (
                        'histogram of true depth',
                        draw_shares(
                            'true depth of the training pixels',
                            'metres',
                            edges,
                            found.depths,
                        ),
                    )
                ]
            )
        )
        parts.append(
            paragraph(
                f'{100 * found.unknown / total:.1f} % of the pixels have no '
                f'depth, or one beyond {found.far:g} m.',
                'soft',
            )
        )
    return ''.join(parts)


def _shares(report: Report, found: Overview) -> str:
    """Of the classes, the most frequent on top."""
    counts = report.measured.classes
    assert counts is not None
    assert found.classes is not None
    total = max(1, int(found.classes.sum()))
    share = found.classes / total
    true = counts.confusion.sum(1)
    order = np.argsort(-share, kind='stable')
    longest = float(share.max()) or 1.0
    rows = [
        (
            counts.classes[i],
            counts.palette[i],
            [
                f'{100 * share[i]:.2f} %',
                f'{100 * true[i] / max(1, true.sum()):.2f} %',
            ],
            float(share[i]) / longest,
        )
        for i in order
    ]
    head = ['class', 'training', 'validation']
    void = 100 * found.void / (found.void + total)
    words = (
        f'Shares of the pixels that have a class; {void:.1f} % of the '
        'training pixels have none.'
    )
    shown = bars(head, rows[:FEW])
    if len(rows) > FEW:
        shown += folded(f'All {len(rows)} classes', bars(head, rows))
    return f'<h3>Shares of the classes</h3>{paragraph(words, "soft")}{shown}'


def _curves(report: Report) -> str:
    log = report.log
    if isinstance(log, str):
        return paragraph(f'Not shown: {log}')
    seen = {key for figures in log.validations.values() for key in figures}
    metrics = {}
    for keys in CURVES:
        for key in [key for key in keys if key in seen][:1]:
            metrics[key] = f'{_title(key)} of validation'
    step = step_of(report.run.checkpoint)
    over = 'epoch' if counts_epochs(report.values) else 'iteration'
    drawn = draw_curves(log, metrics, step, over)
    if not drawn:
        return paragraph('Not shown: the log holds no loss and no figure.')
    words = (
        f'Circled: the checkpoint of this page, {over} {step}. Runs that '
        'were resumed are joined.'
    )
    return charts(
        ('learning curve', picture) for picture in drawn
    ) + paragraph(words, 'soft')


def _worst(images: Sequence, figure: str, what: str) -> str:
    errors = (
        'errors are red, what does not count is black'
        if what == 'classes'
        else 'errors from 25 % too near (blue) to 25 % too far (red), what '
        'does not count is black; near is bright'
    )
    words = f'By {figure}, the worst first; {errors}.'
    return paragraph(words, 'soft') + rows_of_panels(images)


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
