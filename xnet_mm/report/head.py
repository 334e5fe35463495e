"""The head of a page."""

from ..ablation.logs import RunLog
from .content import Report, figure, title_of
from .facts import (
    counts_epochs,
    describe_inference,
    describe_model,
    facts_of_training,
    step_of,
)
from .markup import bullets, facts, paragraph, text, tiles
from .overview import Overview

TILES = ('mIoU', 'aAcc', 'mAcc', 'abs_rel', 'd1', 'rmse', 'silog')


def head(report: Report) -> str:
    """The first section: what it is, and how good."""
    found, values = report.measured, report.values
    tasks = []
    if found.classes:
        tasks.append(
            f'Semantic segmentation, {len(found.classes.classes)} classes'
        )
    if found.depth:
        tasks.append('depth in metres' if tasks else 'Depth in metres')
    shown = {
        title_of(key): figure(key, found.figures[key])
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
        + (f'<h3>Notes</h3>{notes}' if notes else '')
        + facts(lines)
    )


def _said_by_log(report: Report) -> str:
    """What the validation said when the checkpoint was written."""
    if not isinstance(report.log, RunLog):
        return ''
    step = step_of(report.run.checkpoint)
    figures = report.log.validations.get(step, {})
    shown = [
        f'{title_of(key)} {figure(key, figures[key])}'
        for key in TILES
        if key in figures and key in report.measured.figures
    ]
    over = 'epoch' if counts_epochs(report.values) else 'iteration'
    return f'{", ".join(shown)} at {over} {step}' if shown else ''
