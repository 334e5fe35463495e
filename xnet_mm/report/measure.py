"""The validation data, once through the model, and all that is counted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from mmengine.evaluator import BaseMetric
from mmengine.structures import BaseDataElement
from mmseg.evaluation import IoUMetric
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from rich.progress import track

from ..datasets.label_ids import IGNORED
from ..evaluation import (
    BoundaryMetric,
    DepthBoundaryMetric,
    DepthProtocolMetric,
    GridContrast,
    LabelledEvaluator,
)
from ..fileio.finite import check_prediction
from ..fileio.pairing import depth_head_of
from ..models import MonoDepthEstimator
from ..prediction.model import Model
from ..prediction.sources import batches, read_ahead
from .classes import ClassCounts, ClassTally, maps_of
from .data import Split
from .depth import DepthCounts, DepthTally

# Class -> options that are taken from a config; no other metric is built.
OPTIONS: Mapping[type[BaseMetric], set[str]] = {
    IoUMetric: {'ignore_index', 'iou_metrics', 'nan_to_num', 'beta'},
    DepthProtocolMetric: {
        *('protocol', 'min_depth', 'max_depth', 'crop', 'clamp'),
    },
    BoundaryMetric: {'band', 'tolerance', 'ignore_index'},
    DepthBoundaryMetric: set(),
    GridContrast: {'cells'},
}
OF_CLASSES = (IoUMetric, BoundaryMetric)
OF_DEPTH = (DepthProtocolMetric, DepthBoundaryMetric)
COLUMNS = 6  # of the picture to share


@dataclass
class Measured:
    """What one pass over the validation data says.

    Attributes:
        figures: metric -> value, as `tools/test.py` prints them.
        images: how many were predicted.
        classes: sums of segmentation; None of a model of depth alone.
        by_class: IoU and Acc, (K,) in %, as `tools/test.py` prints them.
        ignored: label of pixels that do not count.
        depth: sums of depth; None of a model of classes alone.
        boundary: the metric of classes that measured the boundaries.
        columns: panels of a few images, by title.
        shown_classes: that occur in them.
    """

    figures: dict[str, float]
    images: int
    classes: ClassCounts | None
    by_class: dict[str, np.ndarray]
    ignored: int
    depth: DepthCounts | None
    boundary: BoundaryMetric | None
    columns: list[dict[str, np.ndarray]]
    shown_classes: set[int]


def measure(model: Model, split: Split, values: Mapping[str, Any]) -> Measured:
    """Predict the validation data once, with a progress bar.

    Args:
        model: from `load`.
        split: its validation data.
        values: of its config; they say by which metrics.

    Raises:
        ValueError: no image has truth that counts, another number of
            classes than the model has, or a prediction that is not finite.
    """
    segmentor = model.predictor.model
    has_depth = depth_head_of(segmentor) is not None
    has_classes = not isinstance(segmentor, MonoDepthEstimator)
    meta = split.dataset.metainfo
    if has_classes:
        _check_classes(segmentor, meta)
    metrics = build_metrics(values, has_classes, has_depth)
    evaluator = LabelledEvaluator(metrics)
    evaluator.dataset_meta = meta
    by_kind = {type(metric): metric for metric in metrics}
    of_classes = of_depth = None
    if has_classes:
        gives_logits = isinstance(segmentor.decode_head, BaseDecodeHead)
        ignored = by_kind[IoUMetric].ignore_index
        of_classes = ClassTally(split, meta, ignored, gives_logits)
    if has_depth:
        protocol = by_kind[DepthProtocolMetric].protocol
        of_depth = DepthTally(split, protocol, model.max_depth)
    tallies = [tally for tally in (of_classes, of_depth) if tally]
    count = len(split.dataset)
    chosen = {*np.linspace(0, count - 1, min(COLUMNS, count)).round().tolist()}
    columns = []
    shown_classes: set[int] = set()
    for number, sample in enumerate(_predict(segmentor, split, evaluator)):
        for tally in tallies:
            tally.add(sample)
        if number in chosen and _has_truth(sample, has_classes, has_depth):
            columns.append(_column(tallies, sample))
            if has_classes:
                for labels in maps_of(sample):
                    shown_classes.update(np.unique(labels).tolist())
    if not any(tally.counts.images for tally in tallies):
        raise ValueError(
            f'none of the {count} {split.name} images has truth that '
            'counts, so there is nothing to report on'
        )
    by_class = _by_class(by_kind[IoUMetric]) if has_classes else {}
    figures = evaluator.evaluate(count)
    return Measured(
        {key: float(value) for key, value in figures.items()},
        count,
        of_classes.counts if of_classes else None,
        by_class,
        of_classes.ignored if of_classes else IGNORED,
        of_depth.counts if of_depth else None,
        by_kind.get(BoundaryMetric),
        columns,
        shown_classes,
    )


def build_metrics(
    values: Mapping[str, Any], has_classes: bool, has_depth: bool
) -> list[BaseMetric]:
    """The config's metrics that are known here, and those that are missing.

    Args:
        values: of the config, which may be a stranger's.
        has_classes: whether classes are predicted.
        has_depth: whether depth is predicted.
    """
    key = 'val_evaluator' if values.get('val_dataloader') else 'test_evaluator'
    given = values.get(key) or values.get('val_evaluator') or []
    if isinstance(given, dict):
        given = given.get('metrics') or [given]
    wanted: dict[type[BaseMetric], dict] = {}
    for one in given if isinstance(given, list | tuple) else ():
        name = str(one.get('type')) if isinstance(one, dict) else ''
        for kind, options in OPTIONS.items():
            if name.rpartition('.')[2] == kind.__name__:
                known = {k: v for k, v in one.items() if k in options}
                wanted.setdefault(kind, known)
    kinds = [*OF_CLASSES] * has_classes + [*OF_DEPTH] * has_depth
    kinds += [kind for kind in wanted if kind is GridContrast]
    return [kind(**wanted.get(kind, {})) for kind in kinds]


def _check_classes(segmentor: Any, meta: Mapping[str, Any]) -> None:
    classes = meta.get('classes') or ()
    if len(classes) != segmentor.num_classes:
        raise ValueError(
            f'the model has {segmentor.num_classes} classes, its validation '
            f'data {len(classes)}. The config is not that of the checkpoint'
        )


def _predict(
    segmentor: Any, split: Split, evaluator: LabelledEvaluator
) -> Iterator[BaseDataElement]:
    """Every sample in order, with its truth; given to the metrics too."""
    size, count = split.batch_size, len(split.dataset)
    read = read_ahead(range(count), split.dataset.__getitem__, size)
    steps = -(-count // size)
    for batch in track(batches(read, size), 'Validating', total=steps):
        data = pseudo_collate(batch)
        with torch.no_grad():
            samples = segmentor.test_step(data)
        for sample in samples:
            check_prediction(sample, sample.metainfo['img_path'])
        evaluator.process(data_samples=samples, data_batch=data)
        yield from samples


def _has_truth(
    sample: BaseDataElement, has_classes: bool, has_depth: bool
) -> bool:
    return (not has_classes or 'gt_sem_seg' in sample) and (
        not has_depth or 'gt_depth_map' in sample
    )


def _column(
    tallies: Sequence[ClassTally | DepthTally], sample: BaseDataElement
) -> dict[str, np.ndarray]:
    """Panels of all that is predicted; the image is there once."""
    first, *others = [tally.panels(sample) for tally in tallies]
    for more in others:
        del more['image']
        first |= {f'depth, {title}': panel for title, panel in more.items()}
    return first


def _by_class(metric: IoUMetric) -> dict[str, np.ndarray]:
    """IoU and Acc as the metric itself rounds them for its table."""
    totals = [sum(column) for column in zip(*metric.results, strict=True)]
    found = metric.total_area_to_metrics(
        *totals, ['mIoU'], metric.nan_to_num, metric.beta
    )
    return {
        key: np.round(found[key] * 100, 2).astype(float)
        for key in ('IoU', 'Acc')
    }
