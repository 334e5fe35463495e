"""What is counted of depth, image by image."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf

import numpy as np
import torch
from matplotlib.ticker import MaxNLocator
from mmengine.structures import BaseDataElement

from ..evaluation.depth_metric import measure
from ..evaluation.depth_protocols import DepthProtocol
from ..judge.depth_picture import counted_pixels
from ..visualization.depth_colours import depth_range
from .data import Split
from .pictures import (
    Shown,
    draw_depth_error,
    draw_depth_map,
    jpeg,
    read_picture,
    shrink_image,
)
from .worst import Worst

MOST_BINS = 10
# Key -> name, meaning with d predicted and g true, what is better.
MEANINGS = {
    'abs_rel': ('AbsRel', 'mean of |d − g| / g', '↓'),
    'sq_rel': ('SqRel', 'mean of (d − g)² / g, metres', '↓'),
    'rmse': ('RMSE', 'root of the mean of (d − g)², metres', '↓'),
    'rmse_log': ('RMSE log', 'the same of ln d − ln g', '↓'),
    'log10': ('log10', 'mean of |log10 d − log10 g|', '↓'),
    'silog': ('SILog', '100 × standard deviation of ln d − ln g', '↓'),
    'silog_half': ('SILog ½', 'as Eigen et al. have it, not × 100', '↓'),
    'd1': ('δ1', 'share with max(d/g, g/d) < 1.25', '↑'),
    'd2': ('δ2', 'share below 1.25²', '↑'),
    'd3': ('δ3', 'share below 1.25³', '↑'),
    'irmse': ('iRMSE', 'root of the mean of (1/d − 1/g)², 1/km', '↓'),
    'abs_rel_percent': ('AbsRel', 'mean of |d − g| / g, %', '↓'),
    'sq_rel_percent': ('SqRel', 'mean of ((d − g) / g)², %', '↓'),
}


def distance_edges(far: float) -> np.ndarray:
    """Round numbers from 0 to `far` metres, at most ten steps."""
    locator = MaxNLocator(MOST_BINS, steps=[1, 2, 2.5, 5, 10])
    ticks = np.asarray(locator.tick_values(0, far))
    return ticks[(ticks >= 0) & (ticks < far * (1 + 1e-9))]


@dataclass
class DepthCounts:
    """The sums over all images, by true distance.

    Attributes:
        protocol: which pixels count.
        edges: (B,) where the bins begin, metres; the last one has no end.
        pixels: (B,).
        abs_rel: (B,), sum of |d - g| / g.
        close: (B,), how many have max(d/g, g/d) < 1.25.
        worst: the images with the highest first figure of the protocol.
        images: how many count.
    """

    protocol: DepthProtocol
    edges: np.ndarray
    worst: Worst
    images: int = 0
    pixels: np.ndarray = field(init=False)
    abs_rel: np.ndarray = field(init=False)
    close: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        count = len(self.edges)
        self.pixels, self.close = np.zeros((2, count), np.int64)
        self.abs_rel = np.zeros(count)

    def add(self, pred: np.ndarray, gt: np.ndarray) -> None:
        """Count pixels: predicted and true metres, (N,)."""
        number = np.searchsorted(self.edges, gt, side='right') - 1
        number = number.clip(0)
        count = len(self.edges)
        self.pixels += np.bincount(number, minlength=count)
        error = np.abs(pred - gt) / gt
        self.abs_rel += np.bincount(number, error, minlength=count)
        close = np.maximum(pred / gt, gt / pred) < 1.25
        self.close += np.bincount(number[close], minlength=count)


class DepthTally:
    """Counts one image after the other.

    Args:
        split: where the images are from.
        protocol: which pixels count, and which figures.
        max_depth: of the model, metres.

    Attributes:
        counts: the sums so far.
    """

    def __init__(
        self, split: Split, protocol: DepthProtocol, max_depth: float | None
    ) -> None:
        self.split = split
        far = protocol.max_depth
        far = far if far < inf else max_depth or 100.0
        edges = distance_edges(far)
        # Nothing counts from there on.
        if len(edges) > 1 and edges[-1] >= protocol.max_depth * (1 - 1e-9):
            edges = edges[:-1]
        self.counts = DepthCounts(protocol, edges, Worst())

    def add(self, sample: BaseDataElement) -> None:
        """Count a prediction, if there is truth of it that counts."""
        counts = self.counts
        protocol = counts.protocol
        path = sample.metainfo['img_path']
        own = measure(protocol, dict(sample.to_dict(), img_path=path))
        if own.left_out:
            return
        counts.images += 1
        pred, gt = maps_of(sample)
        chosen = protocol.select(torch.from_numpy(pred), torch.from_numpy(gt))
        counts.add(*(part.numpy() for part in chosen))
        figures = dict(zip(protocol.keys, own.values, strict=True))
        counts.worst.offer(
            own.values[0],
            lambda: Shown(
                self.split.local(path),
                self._caption(sample, figures),
                self.draw(sample),
            ),
        )

    def _caption(
        self, sample: BaseDataElement, figures: dict[str, float]
    ) -> str:
        keys = dict.fromkeys([self.counts.protocol.keys[0], 'rmse', 'd1'])
        words = [
            f'{MEANINGS[key][0]} {figures[key]:.4f}'
            for key in keys
            if key in figures
        ]
        near, far = depth_range('percentile', None, self._shown(sample)[1])
        return f'{", ".join(words)}; colours {near:.3g}–{far:.3g} m'

    def panels(self, sample: BaseDataElement) -> dict[str, np.ndarray]:
        """Image, truth where it counts, and prediction, small."""
        pred, truth = self._shown(sample)
        limits = depth_range('percentile', None, truth)
        return dict(
            image=shrink_image(read_picture(self.split, sample)),
            truth=draw_depth_map(truth, limits),
            prediction=draw_depth_map(pred, limits),
        )

    def draw(self, sample: BaseDataElement) -> dict[str, bytes]:
        """The panels, and the relative error, as JPEG."""
        pred, truth = self._shown(sample)
        panels = self.panels(sample)
        panels['errors'] = draw_depth_error(truth, pred)
        return {title: jpeg(panel) for title, panel in panels.items()}

    def _shown(self, sample: BaseDataElement) -> Sequence[np.ndarray]:
        """Prediction and truth as the protocol takes them."""
        pred, gt = maps_of(sample)
        protocol = self.counts.protocol
        if protocol.clamp:
            pred = pred.clip(*protocol.clamp)
        return pred, np.where(counted_pixels(protocol, gt), gt, 0)


def maps_of(sample: BaseDataElement) -> tuple[np.ndarray, np.ndarray]:
    """Predicted and true depth of a sample, (H, W) metres each."""
    pred, gt = (
        sample.get(key).data.cpu().numpy().reshape(sample.get(key).shape[-2:])
        for key in ('pred_depth_map', 'gt_depth_map')
    )
    return pred, gt
