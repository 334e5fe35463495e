"""The images with the largest error, in one picture."""

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

import numpy as np
import torch

from ..evaluation.depth_protocols import DepthProtocol
from ..visualization.depth_colours import depth_range
from ..visualization.depth_panels import draw_depth
from ..visualization.panels import GAP, stack, titled
from .depth_judge import DepthSetting, DepthVerdict, worst_first
from .spaces import to_depth

MOST_SHOWN = 6
SMALLEST = 320  # width of a panel, pixels


def draw_worst(
    setting: DepthSetting, verdicts: Sequence[DepthVerdict]
) -> np.ndarray:
    """Truth | prediction | relative error of the worst images, from the top.

    Worst is what has the highest first figure of the protocol. Truth is
    shown where it counts, for nothing else makes the figures. A disparity is
    shown as it was aligned.

    Args:
        setting: How they were judged.
        verdicts: At least one counts.

    Returns:
        (h, w, 3) uint8 RGB.
    """
    worst = worst_first(setting.protocol, verdicts)[:MOST_SHOWN]
    rows = [_row(setting, verdict) for verdict in worst]
    gap = np.full((GAP, 1, 3), 255, np.uint8)
    return reduce(stack, [part for row in rows for part in (row, gap)])


def counted_pixels(protocol: DepthProtocol, gt: np.ndarray) -> np.ndarray:
    """(H, W) bool: the pixels of a true map that count by the protocol."""
    number = torch.arange(gt.size, dtype=torch.float64).reshape(gt.shape)
    chosen, _ = replace(protocol, clamp=None).select(
        number, torch.from_numpy(np.ascontiguousarray(gt))
    )
    counted = np.zeros(gt.size, bool)
    counted[chosen.long().numpy()] = True
    return counted.reshape(gt.shape)


def _row(setting: DepthSetting, verdict: DepthVerdict) -> np.ndarray:
    values, gt, _ = setting.read(verdict.pair)
    protocol = setting.protocol
    pred = to_depth(
        setting.predictions.space,
        protocol,
        *(torch.from_numpy(np.ascontiguousarray(m)) for m in (values, gt)),
    ).numpy()
    truth = np.where(counted_pixels(protocol, gt), gt, 0)
    shown = pred.clip(*protocol.clamp) if protocol.clamp else pred
    pairs = zip(protocol.keys, verdict.figures.values, strict=True)
    figures = ', '.join(
        f'{key} {value:.4g}'
        for key, value in pairs
        if key in (protocol.keys[0], 'rmse', 'd1')
    )
    limits = depth_range('percentile', None, truth)
    # Whole pixels of a small map, or its titles would be cut.
    factor = -(-SMALLEST // gt.shape[1])
    large = [np.kron(m, np.ones((factor, factor))) for m in (truth, shown)]
    panels = draw_depth(None, limits, *large)
    return titled(panels, f'{verdict.pair.name}: {figures}')
