"""What people are told of depth maps: lines, a table, a row an image."""

from collections import Counter
from collections.abc import Sequence
from math import inf

from prettytable import PrettyTable

from ..evaluation.depth_alignment import ALIGNMENTS, aligned_range
from ..evaluation.depth_metric import count_lines
from .depth_files import NOUNS
from .depth_judge import DepthFigures, DepthSetting, DepthVerdict
from .spaces import Space
from .table import Row

HEADINGS = {
    'median': 'median-aligned',
    'scale_shift': 'scale-shift',
    'scale_shift_disparity': 'scale-shift (1/d)',
}
MEANINGS = {
    'median': 'times median(truth) / median(prediction)',
    'scale_shift': 'least squares of scale and shift in depth',
    'scale_shift_disparity': 'the same in disparity, 1/d, as MiDaS has it',
}
# Beyond these the metric map is most likely in other units.
SUSPICIOUS = (2 / 3, 3 / 2)


def describe_depth(
    setting: DepthSetting,
    verdicts: Sequence[DepthVerdict],
    figures: DepthFigures,
) -> list[str]:
    """How the figures were made, and over what."""
    protocol = setting.protocol
    near, far = aligned_range(protocol)
    done = Counter(what for v in verdicts for what in v.done)
    counted = [v for v in verdicts if not v.figures.left_out]
    return [
        f'Depth by protocol {protocol.name} ({protocol.source})',
        *protocol.describe(),
        f'aligned per image over these pixels, then clamped to {near:g}..'
        f'{far:g} m:',
        *(f'  {HEADINGS[n]}: {meaning}' for n, meaning in MEANINGS.items()),
        f'predictions: {setting.predictions.describe()}',
        f'truth: {setting.truth.describe()}',
        *(f'{what}: {count} images' for what, count in done.items()),
        *count_lines([v.figures for v in verdicts]),
        *(
            f'{HEADINGS[name]}: {figures.images - images} of '
            f'{figures.images} images have no such alignment (a median of 0 '
            'or below)'
            for name, images in figures.aligned_images.items()
            if images < figures.images and name not in _undefined(setting)
        ),
        f'boundaries: {figures.boundary_images} of {len(counted)} images '
        'have jumps in the truth',
    ]


def warn_of_depth(setting: DepthSetting, figures: DepthFigures) -> list[str]:
    """What looks wrong, and what to do; [] if nothing does."""
    lines = []
    near, far = SUSPICIOUS
    space = setting.predictions.space
    is_metric = space != 'disparity'
    if (
        is_metric
        and not near < figures.ratio < far
        and figures.ratio == figures.ratio
    ):
        lines.append(
            f'the truth is {figures.ratio:.3g} times as far as the '
            'predictions (median over the images). If these are in metres, '
            'give the file units per metre, --prediction-scale; if they '
            'know no scale, read the aligned figures'
        )
    pixels, images = figures.not_positive
    if pixels:
        ends = setting.protocol.clamp or (0, inf)
        end = ends[0] if space == 'depth' else ends[1]
        lines.append(
            f'0 or less is predicted for {pixels} pixels that count, in '
            f'{images} images. They are clamped to {end:g} m, so a hole '
            'counts as a wrong depth'
        )
    if figures.mirrored:
        other: Space = 'disparity' if space == 'depth' else 'depth'
        lines.append(
            f'the least squares turn near and far round in '
            f'{figures.mirrored} of {figures.images} images: are the files '
            f'{NOUNS[other]}? The figures are those of '
            f'{setting.predictions.noun}; --prediction-space {other} gives '
            'the others'
        )
    return lines


def _undefined(setting: DepthSetting) -> tuple[str, ...]:
    """Alignments that the predictions have not, whatever they are."""
    disparity = setting.predictions.space == 'disparity'
    return ('scale_shift',) if disparity else ()


def depth_table(figures: DepthFigures) -> PrettyTable:
    """The figures side by side, a line each."""
    table = PrettyTable(['', 'metric', *(HEADINGS[n] for n in ALIGNMENTS)])
    table.align = 'r'
    table.align[''] = 'l'
    is_metric = any(value == value for value in figures.metric.values())
    for key, value in figures.metric.items():
        values = [value, *(figures.aligned[n][key] for n in ALIGNMENTS)]
        table.add_row([key, *map(shown, values)])
    for key, value in figures.boundary.items():
        # Ratios of neighbours, and edges: a scale does not change them. Of
        # disparities they are those of the map that was aligned.
        same = shown(value)
        cells = [same, same, '', ''] if is_metric else ['', '', '', same]
        table.add_row([key, *cells])
    return table


def shown(value: float) -> str:
    """A figure for a table; - for none."""
    return f'{value:.4f}' if value == value else '-'


def depth_rows(
    setting: DepthSetting, verdicts: Sequence[DepthVerdict]
) -> list[Row]:
    """A row an image for the CSV, with all digits."""
    keys = setting.protocol.keys
    rows = []
    for v in verdicts:
        row: Row = dict(
            name=v.pair.name,
            prediction=str(v.pair.prediction),
            truth=str(v.pair.truth or ''),
            size=v.figures.size,
            pixels=v.figures.pixels,
            left_out=v.figures.left_out,
            not_positive=v.not_positive,
        )
        is_metric = setting.predictions.space != 'disparity'
        values = dict(metric=v.figures.values if is_metric else ())
        for name in ALIGNMENTS:
            found = v.aligned.get(name)
            values[name] = found.values if found else ()
            row[f'{name}_by_scale'] = found.fit.scale if found else None
            row[f'{name}_by_shift'] = found.fit.shift if found else None
        for kind, numbers in values.items():
            prefix = '' if kind == 'metric' else f'{kind}_'
            for i, key in enumerate(keys):
                row[f'{prefix}{key}'] = numbers[i] if numbers else None
        for i, key in enumerate(('precision', 'recall', 'f1')):
            row[f'boundary_{key}'] = v.boundary[i] if v.boundary else None
        for i, key in enumerate(('accuracy', 'completeness')):
            row[f'dbe_{key}'] = v.edges[i] if v.edges else None
        rows.append(row)
    return rows
