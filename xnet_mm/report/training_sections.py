"""What a page says of the training: its data, and how it went."""

import numpy as np

from .charts import draw_curves, draw_shares
from .class_sections import FEW
from .content import Report, title_of
from .facts import counts_epochs, step_of
from .markup import bars, charts, folded, paragraph, strip
from .overview import Overview

CURVES = (('mIoU',), ('abs_rel', 'silog'))  # one of each


def data(report: Report) -> str:
    """Sizes, a few images, shares of classes or of distances."""
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


def curves(report: Report) -> str:
    """Loss, learning rate and validation."""
    log = report.log
    if isinstance(log, str):
        return paragraph(f'Not shown: {log}')
    seen = {key for figures in log.validations.values() for key in figures}
    metrics = {}
    for keys in CURVES:
        for key in [key for key in keys if key in seen][:1]:
            metrics[key] = f'{title_of(key)} of validation'
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
