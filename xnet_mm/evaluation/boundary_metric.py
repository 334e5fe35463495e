"""Metrics of a data set that see blocks and blurred edges."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from torch import Tensor

from ..registry import METRICS
from .boundary_functional import (
    GridSums,
    boundary_overlap,
    boundary_scores,
    depth_boundary_scores,
    grid_sums,
    undo_resize,
)
from .depth_boundary_error import depth_boundary_error

Figures = tuple[float, ...]
# Pixels over which depth may jump, besides from one to the next: as far as a
# small network's own pixels lie apart, and twice that.
STEPS = (8, 16)


@METRICS.register_module()
class GridContrast(BaseMetric):
    """Whether a model paints blocks: 1 if not, 12 if very much.

    How much more neighbouring pixels differ across the lines of a grid than
    elsewhere, of log depth or of the probabilities of classes, over all
    images and both directions. The grid is that of the network's input, so
    the resize to the file's size is undone first; with whole inference
    (`test_cfg.mode='whole'`) the cells of its coarse maps end on it.

    Args:
        cells: Pixels from line to line, each a figure `grid_contrast_CELL`.
        **kwargs: `collect_device`, `prefix` and `collect_dir` of MMEngine.

    Raises:
        ValueError: a cell below 2, which has no pixels off its lines.
    """

    default_prefix = ''

    def __init__(
        self, cells: Sequence[int] = (32, 16, 8, 4), **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if not cells or min(cells) < 2:
            raise ValueError(
                f'GridContrast: cells={cells}; wanted numbers of pixels, at '
                'least 2.'
            )
        self.cells = tuple(cells)

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep the sums of each image.

        Raises:
            ValueError: a sample without depth and without logits.
        """
        for sample in data_samples:
            field = _field(sample)
            self.results.append(
                [grid_sums(field, cell) for cell in self.cells]
            )

    def compute_metrics(self, results: list[list[GridSums]]) -> dict:
        """The contrast of each grid over all images."""
        return {
            f'grid_contrast_{cell}': GridSums(
                *map(sum, zip(*images, strict=True))
            ).contrast()
            for cell, images in zip(
                self.cells, zip(*results, strict=True), strict=True
            )
        }


def _field(sample: dict) -> Tensor:
    """Log depth (1,h,w) or probabilities (K,h,w), as large as the input."""
    if 'pred_depth_map' in sample:
        size = tuple(sample['img_shape'][:2])
        depth = sample['pred_depth_map']['data']
        lowest = depth.min()  # what is undone may swing below it
        return undo_resize(depth, size).clamp(min=lowest).log()
    if 'seg_logits' in sample:
        size = tuple(sample['img_shape'][:2])
        logits = undo_resize(sample['seg_logits']['data'], size)
        return logits.softmax(0) if len(logits) > 1 else logits.sigmoid()
    raise ValueError(
        f'GridContrast: {sample.get("img_path")} has neither '
        f'pred_depth_map nor seg_logits, but {sorted(sample)}.'
    )


@METRICS.register_module()
class BoundaryMetric(BaseMetric):
    """Boundary IoU and boundary F1 of segmentation, in %.

    `boundary_IoU`: intersection and union summed over the images, then the
    mean over classes, as of mIoU. `boundary_F1`: mean over the images that
    have the class (predicted or true), then over classes. See
    `boundary_overlap` and `boundary_scores` for sources.

    Args:
        band: Width of the band of Boundary IoU, as a share of the image's
            diagonal: 0.005 as its authors on Cityscapes, 0.02 as on COCO.
        tolerance: Of boundary F1, likewise.
        ignore_index: Label of pixels without truth.
        **kwargs: `collect_device`, `prefix` and `collect_dir` of MMEngine.

    Raises:
        ValueError: a share that is not above 0 and below 1.
    """

    default_prefix = ''

    def __init__(
        self,
        band: float = 0.005,
        tolerance: float = 0.0075,
        ignore_index: int = 255,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        for name, share in (('band', band), ('tolerance', tolerance)):
            if not 0 < share < 1:
                raise ValueError(
                    f'BoundaryMetric: {name}={share}; wanted a share of the '
                    "image's diagonal, above 0 and below 1."
                )
        self.band, self.tolerance = band, tolerance
        self.ignore_index = ignore_index

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep the figures of each image.

        Raises:
            ValueError: prediction and truth differ in size.
        """
        classes = len(self.dataset_meta['classes'])
        for sample in data_samples:
            pred, gt = (
                sample[key]['data'].squeeze().cpu().numpy()
                for key in ('pred_sem_seg', 'gt_sem_seg')
            )
            if pred.shape != gt.shape:
                raise ValueError(
                    f'{sample.get("img_path")}: a prediction of {pred.shape} '
                    f'pixels, truth of {gt.shape}. Load the labels after '
                    'the resize, so that they keep their own size.'
                )
            void = self.ignore_index
            self.results.append(
                (
                    boundary_overlap(pred, gt, classes, self.band, void),
                    boundary_scores(pred, gt, classes, self.tolerance, void),
                )
            )

    def compute_metrics(
        self, results: list[tuple[np.ndarray, np.ndarray]]
    ) -> dict:
        """Average over images and classes."""
        overlaps, scores = zip(*results, strict=True)
        common, union = np.sum(overlaps, axis=0).T
        iou = common[union > 0] / union[union > 0]
        scores = np.array(scores)
        seen = ~np.isnan(scores).all(axis=0)
        f1 = np.nanmean(scores[:, seen], axis=0)
        return dict(boundary_IoU=100 * _mean(iou), boundary_F1=100 * _mean(f1))


@METRICS.register_module()
class DepthBoundaryMetric(BaseMetric):
    """Whether depth's boundaries are there, and how far off they are.

    `boundary_precision`, `boundary_recall`, `boundary_f1`: of jumps from
    pixel to pixel, from 0 to 1, see `depth_boundary_scores`. `boundary_f1_8`
    and `boundary_f1_16`: the same of pixels 8 and 16 apart, for a network
    whose edges are wider than a pixel has 0 in the first. `dbe_accuracy`
    and `dbe_completeness`: distances of edges in pixels of the truth, see
    `depth_boundary_error`. Each is the mean over the images whose truth has
    a jump, or an edge.

    Args:
        **kwargs: `collect_device`, `prefix` and `collect_dir` of MMEngine.
    """

    default_prefix = ''

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep the figures of each image with ground truth."""
        for sample in data_samples:
            if sample.get('gt_depth_map') is None:
                continue
            pred, gt = (
                sample[key]['data'].squeeze()
                for key in ('pred_depth_map', 'gt_depth_map')
            )
            self.results.append(depth_boundary_figures(pred, gt))

    def compute_metrics(self, results: list[list[Figures | None]]) -> dict:
        """Average over images; nan if none has a jump, or an edge."""
        groups = [
            ('boundary_precision', 'boundary_recall', 'boundary_f1'),
            *([f'boundary_f1_{step}'] for step in STEPS),
            ('dbe_accuracy', 'dbe_completeness'),
        ]
        figures: dict[str, float] = {}
        for index, names in enumerate(groups):
            figures |= _means(names, [image[index] for image in results])
        return figures


def depth_boundary_figures(pred: Tensor, gt: Tensor) -> list[Figures | None]:
    """What `DepthBoundaryMetric` keeps of an image.

    Args:
        pred: Metres, (H,W), above 0.
        gt: Metres, (H,W); 0 is none.

    Returns:
        `depth_boundary_scores`; F1 alone of the same over each of `STEPS`;
        `depth_boundary_error`. None for what the truth does not have.
    """
    wide = [depth_boundary_scores(pred, gt, step) for step in STEPS]
    return [
        depth_boundary_scores(pred, gt),
        *(scores and scores[-1:] for scores in wide),
        depth_boundary_error(pred, gt),
    ]


def _means(
    names: Sequence[str], images: Sequence[Figures | None]
) -> dict[str, float]:
    """The mean of each figure over the images that have it."""
    measured = [figures for figures in images if figures is not None]
    columns = zip(*measured, strict=True) if measured else [()] * len(names)
    return {
        name: _mean(np.array(column))
        for name, column in zip(names, columns, strict=True)
    }


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float('nan')
