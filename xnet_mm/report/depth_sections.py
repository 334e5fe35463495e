"""What a page says of depth."""

from .charts import bin_names, draw_by_distance
from .depth import MEANINGS, DepthCounts
from .markup import bullets, charts, paragraph, table


def protocol_table(counts: DepthCounts, figures: dict[str, float]) -> str:
    """Which pixels count, and all figures of the protocol."""
    protocol = counts.protocol
    rows = [
        [
            f'{MEANINGS[key][0]} {MEANINGS[key][2]}',
            key,
            MEANINGS[key][1],
            f'{figures[key]:.4f}',
        ]
        for key in protocol.keys
    ]
    return (
        paragraph(
            f'Protocol {protocol.name} ({protocol.source}), '
            f'{counts.images} images.'
        )
        + bullets(protocol.describe())
        + table(
            ['figure', 'key', 'd predicted, g true', 'value'], rows, names=3
        )
    )


def by_distance(counts: DepthCounts) -> str:
    """Where in space the errors are."""
    total = int(counts.pixels.sum())
    rows = [
        [
            f'{name} m',
            _share(100 * pixels / total),
            f'{error / pixels:.4f}',
            f'{close / pixels:.4f}',
        ]
        for name, pixels, error, close in zip(
            bin_names(counts),
            counts.pixels.tolist(),
            counts.abs_rel.tolist(),
            counts.close.tolist(),
            strict=True,
        )
        if pixels
    ]
    rows.append(
        [
            'all pixels',
            '100 %',
            f'{counts.abs_rel.sum() / total:.4f}',
            f'{counts.close.sum() / total:.4f}',
        ]
    )
    names = ('AbsRel by true distance', 'δ1 by true distance')
    drawn = draw_by_distance(counts)
    return (
        paragraph(
            'By the true distance of each pixel that counts. Here all pixels '
            'weigh the same; in the table of the protocol all images do, so '
            'the last row is not quite its figure.',
            'soft',
        )
        + charts(zip(names, drawn, strict=True))
        + table(['true distance', 'share of pixels', 'AbsRel', 'δ1'], rows)
    )


def _share(percent: float) -> str:
    return f'{percent:.1f} %' if percent >= 0.1 else '< 0.1 %'
