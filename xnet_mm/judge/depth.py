"""Depth maps of any program against true ones: `tools/evaluate.py`."""

from dataclasses import asdict
from typing import Any

from ..evaluation.depth_alignment import ALIGNMENTS, aligned_range
from ..evaluation.depth_protocols import DepthProtocol
from ..fileio.atomic import write_atomically
from .card import describe_sides, left_out, versions
from .depth_files import Units
from .depth_judge import (
    DepthFigures,
    DepthSetting,
    DepthVerdict,
    judge_depth,
    summarize,
)
from .depth_picture import draw_worst
from .depth_report import (
    MEANINGS,
    depth_rows,
    depth_table,
    describe_depth,
    warn_of_depth,
)
from .files import Files, png
from .pairs import Pairing, describe_alone
from .sources import DEPTH_SUFFIXES
from .table import write_csv, write_json

CARD, IMAGES, WORST = 'card.json', 'images.csv', 'worst.png'


def evaluate_depth(
    files: Files, protocol: DepthProtocol, predictions: Units, truth: Units
) -> DepthFigures:
    """Judge depth maps, print the figures, write card, CSV and picture.

    Args:
        files: What is compared, and where to.
        protocol: Which pixels count, and which figures.
        predictions: Units of the predicted maps.
        truth: Units of the true ones.

    Raises:
        FileNotFoundError or ValueError: no pair, a file that cannot be
            judged, or no image that counts. Nothing is written then.
    """
    setting = DepthSetting(protocol, predictions, truth)
    pairing = files.pair(DEPTH_SUFFIXES)
    verdicts, wrong = judge_depth(pairing.pairs, setting, files.workers)
    files.refuse(wrong, 'files that cannot be judged')
    if not verdicts:
        raise ValueError(describe_alone(wrong, 'files that cannot be judged'))
    figures = summarize(protocol, verdicts, predictions.space)
    alone = (*pairing.alone, *wrong)
    lines = [*describe_depth(setting, verdicts, figures), *pairing.notes]
    warnings = warn_of_depth(setting, figures)
    card = _card(files, setting, pairing, verdicts, figures)
    card['left_out'] = left_out(alone, _excluded(verdicts))
    card |= dict(warnings=warnings, versions=versions())
    picture = png(draw_worst(setting, verdicts))
    write_csv(files.out / IMAGES, depth_rows(setting, verdicts))
    write_atomically(files.out / WORST, picture)
    write_json(files.out / CARD, card)
    if alone:
        lines.append(describe_alone(alone, 'files left out'))
    print('\n  '.join(lines))
    print(depth_table(figures))
    for warning in warnings:
        print(f'WARNING: {warning}.')
    names = ', '.join((CARD, IMAGES, WORST))
    print(f'Written to {files.out}: {names}')
    return figures


def _card(
    files: Files,
    setting: DepthSetting,
    pairing: Pairing,
    verdicts: list[DepthVerdict],
    figures: DepthFigures,
) -> dict[str, Any]:
    """All but what was left out."""
    sides = describe_sides(
        (files.predictions, files.truth),
        pairing,
        [(v.pair, v.digests) for v in verdicts],
    )
    sides['predictions'] |= asdict(setting.predictions)
    sides['truth'] |= asdict(setting.truth)
    near, far = aligned_range(setting.protocol)
    return dict(
        task='depth',
        protocol=asdict(setting.protocol),
        protocol_in_words=setting.protocol.describe(),
        alignment=dict(meaning=MEANINGS, clamp=(near, far)),
        **sides,
        images=dict(
            judged=len(verdicts),
            counted=figures.images,
            pixels=sum(v.figures.pixels for v in verdicts),
            aligned=figures.aligned_images,
            with_jumps=figures.boundary_images,
            with_predictions_of_0_or_less=figures.not_positive[1],
            pixels_predicted_0_or_less=figures.not_positive[0],
        ),
        figures=dict(
            metric=figures.metric,
            **{name: figures.aligned[name] for name in ALIGNMENTS},
            boundary=figures.boundary,
            median_ratio=figures.ratio,
        ),
    )


def _excluded(verdicts: list[DepthVerdict]) -> list[tuple[str, str]]:
    """(file, why) of what the protocol leaves out."""
    return [
        (
            v.figures.path,
            ': '.join(filter(None, [v.figures.left_out, v.figures.detail])),
        )
        for v in verdicts
        if v.figures.left_out
    ]
