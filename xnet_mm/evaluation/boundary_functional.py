"""How sharp a map is, and whether its boundaries lie where the truth's do.

Pure functions of one image each: of classes (H,W), of depths (H,W) in metres,
of any field for `grid_sums`. None of them averages over images: the metrics
of `boundary_metric` do.
"""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

# Ten ratios of neighbouring depths and their weights: Depth Pro, see
# `depth_boundary_scores`.
RATIOS = np.linspace(1.05, 1.25, 10)
RATIO_WEIGHTS = RATIOS / RATIOS.sum()


class GridSums(NamedTuple):
    """Differences of neighbouring pixels, on the lines of a grid and off.

    Attributes:
        on: Sum of those across a line.
        pairs_on: How many these are.
        off: Sum of the others.
        pairs_off: How many these are.
    """

    on: float
    pairs_on: int
    off: float
    pairs_off: int

    def contrast(self) -> float:
        """Mean difference on the lines over that off them; nan without any.

        1 where nothing tells the lines from other pixels.
        """
        if not self.pairs_on or not self.pairs_off:
            return float('nan')
        on, off = self.on / self.pairs_on, self.off / self.pairs_off
        if off:
            return on / off
        return float('inf') if on else float('nan')


def grid_sums(field: Tensor, cell: int) -> GridSums:
    """Differences on and off a grid with a line every `cell` pixels.

    A model that treats each cell of a coarse map by itself paints the cells
    as blocks: its map jumps where they meet.

        |....|....|     pixels of cell 5 of one row: a line is between the
             ^          5th and the 6th, the 10th and the 11th, ...

    Args:
        field: (C,H,W), as the network sees the image: log depth, or the
            probability of each class.
        cell: Pixels from line to line.
    """
    field = field.double()
    on = off = 0.0
    pairs_on = pairs_off = 0
    for dim in (1, 2):
        change = field.diff(dim=dim).abs().sum(3 - dim).sum(0)  # of a line
        across = field.shape[0] * field.shape[3 - dim]
        lines = torch.arange(1, len(change) + 1) % cell == 0
        on += change[lines].sum().item()
        off += change[~lines].sum().item()
        pairs_on += across * int(lines.sum())
        pairs_off += across * int((~lines).sum())
    return GridSums(on, pairs_on, off, pairs_off)


def undo_resize(field: Tensor, size: tuple[int, int]) -> Tensor:
    """The map of which bilinear up-sampling made this one, in float64.

    Exactly, up to rounding: up-sampling only adds pixels. A second resize
    would blur what is looked for. Where the map was made smaller, nothing
    brings it back, and it is resized.

    Args:
        field: (C,H,W), resized with `align_corners=False`.
        size: (h,w), the size before.

    Returns:
        (C,h,w).
    """
    field = field.double()
    height, width = field.shape[1:]
    if height < size[0] or width < size[1]:
        return F.interpolate(field[None], size=size, mode='bilinear')[0]
    if height != size[0]:
        field = _inverse(size[0], height).to(field.device) @ field
    if width != size[1]:
        field = field @ _inverse(size[1], width).to(field.device).mT
    return field


@cache
def _inverse(short: int, long: int) -> Tensor:
    """(short,long): undoes linear up-sampling along one side."""
    units = torch.eye(short, dtype=torch.float64)
    up = F.interpolate(units[None], size=long, mode='linear')[0].mT
    return torch.linalg.pinv(up)


def depth_boundary_scores(
    pred: Tensor, gt: Tensor, step: int = 1
) -> tuple[float, float, float] | None:
    """Precision, recall and F1 of depth's jumps from pixel to pixel.

    "Scale-invariant boundary F1" of Depth Pro (Bochkovskii et al. 2024,
    section 3.2): pixel j stands behind its neighbour i where d(j)/d(i) is
    above a ratio t. Of each of four directions the share of predicted
    jumps that are true ones (precision) and of true ones that are predicted
    (recall), the mean of the four, F1 of that; then the mean over ten ratios
    from 1.05 to 1.25, weighted by them. A jump that is one pixel off counts
    for nothing, and a soft edge is none: with `step` a jump is one between
    pixels that far apart, so that an edge may be as wide as that.

    Args:
        pred: Metres, (H,W), above 0.
        gt: Metres, (H,W); 0 is none, and a pair with such a pixel does not
            count. Depth Pro's own code knows dense truth only.
        step: Pixels from i to j; 1 is Depth Pro's.

    Returns:
        Three shares from 0 to 1, or None where the truth has no jump.
    """
    pairs = [*_log_ratios(pred, gt, step)]
    if not pairs:  # smaller than a step
        return None
    scores = []
    jumps = 0
    for ratio in RATIOS:
        precision, recall = [], []
        for ours, truth in pairs:
            for sign in (1, -1):
                said = sign * ours > np.log(ratio)
                true = sign * truth > np.log(ratio)
                hits = int((said & true).sum())
                jumps += int(true.sum())
                precision.append(hits / max(int(said.sum()), 1))
                recall.append(hits / max(int(true.sum()), 1))
        p, r = np.mean(precision), np.mean(recall)
        scores.append((p, r, 2 * p * r / (p + r) if p + r else 0.0))
    if not jumps:
        return None
    p, r, f1 = RATIO_WEIGHTS @ np.array(scores)
    return float(p), float(r), float(f1)


def _log_ratios(
    pred: Tensor, gt: Tensor, step: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Of pairs with truth, (N,) each: to the right, then downwards."""
    valid = gt > 0
    pred, gt = pred.double().log(), gt.double().log()
    for dim in (1, 0):
        if gt.shape[dim] <= step:
            continue
        here, there = (
            (slice(None),) * dim + (at,)
            for at in (slice(None, -step), slice(step, None))
        )
        both = valid[here] & valid[there]
        yield (pred[there] - pred[here])[both], (gt[there] - gt[here])[both]


def boundary_band(
    labels: np.ndarray, label: int, width: int, void: np.ndarray
) -> np.ndarray:
    """Pixels of a class within `width` of the class's edge, (H,W) of bool.

    The set (G_d and G) of Boundary IoU; the distance is the chessboard's,
    and the image's border is an edge, as in its authors' code.

    Args:
        labels: (H,W).
        label: Of the class.
        width: In pixels, at least 1.
        void: (H,W) of bool: without truth. Not a pixel of any class, and no
            edge either: where the class ends there nobody knows.
    """
    inside = (labels == label) & ~void
    padded = cv2.copyMakeBorder(
        (inside | void).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT
    )
    core = cv2.erode(
        padded,
        np.ones((3, 3), np.uint8),
        iterations=width,
        borderType=cv2.BORDER_CONSTANT,
        borderValue=0,
    )
    return inside & ~core[1:-1, 1:-1].astype(bool)


def boundary_overlap(
    pred: np.ndarray, gt: np.ndarray, classes: int, ratio: float, void: int
) -> np.ndarray:
    """Intersection and union of boundary bands by class, (K,2) in pixels.

    Of Boundary IoU (Cheng et al., CVPR 2021): IoU of the pixels within d of
    either mask's edge, so that the inside of large objects cannot hide a
    wrong edge.

    Args:
        pred: Classes, (H,W).
        gt: Classes, (H,W).
        classes: How many, K.
        ratio: The distance d, as a share of the image's diagonal; the
            authors take 0.02 on COCO and 0.005 on Cityscapes.
        void: Label of pixels without truth.
    """
    width = max(1, round(ratio * float(np.hypot(*gt.shape))))
    unknown = gt == void
    overlap = np.zeros((classes, 2), np.int64)
    for label in _classes_of(pred, gt, unknown):
        ours, truth = (
            boundary_band(labels, label, width, unknown)
            for labels in (pred, gt)
        )
        overlap[label] = (ours & truth).sum(), (ours | truth).sum()
    return overlap


def boundary_scores(
    pred: np.ndarray, gt: np.ndarray, classes: int, ratio: float, void: int
) -> np.ndarray:
    """Boundary F1 by class, (K,), nan for a class that is in neither map.

    "BF score" of Csurka et al., BMVC 2013: the share of predicted boundary
    pixels with a true one within theta (precision), that of true ones with
    a predicted one (recall), and F1 of both.

    Args:
        pred: Classes, (H,W).
        gt: Classes, (H,W).
        classes: How many, K.
        ratio: theta, as a share of the image's diagonal; 0.0075 there.
        void: Label of pixels without truth.
    """
    reach = ratio * float(np.hypot(*gt.shape))
    unknown = gt == void
    scores = np.full(classes, np.nan)
    for label in _classes_of(pred, gt, unknown):
        ours, truth = (
            boundary_band(labels, label, 1, unknown) for labels in (pred, gt)
        )
        if not ours.any() and not truth.any():
            continue  # the edge is all in what nobody knows
        precision = _share_near(ours, truth, reach)
        recall = _share_near(truth, ours, reach)
        total = precision + recall
        scores[label] = 2 * precision * recall / total if total else 0.0
    return scores


def _classes_of(
    pred: np.ndarray, gt: np.ndarray, unknown: np.ndarray
) -> list[int]:
    known = np.concatenate([pred[~unknown], gt[~unknown]])
    return np.flatnonzero(np.bincount(known)).tolist()  # without sorting


def _share_near(some: np.ndarray, others: np.ndarray, reach: float) -> float:
    """Share of pixels of `some` with one of `others` within `reach`."""
    if not some.any() or not others.any():
        return 0.0
    distance = cv2.distanceTransform(
        (~others).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE
    )
    return float((distance[some] <= reach).mean())
