"""The training data at a glance: sizes, classes, depths, a few images."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ..datasets.channel_io import picture_reader
from ..datasets.threads import run_jobs
from ..visualization.depth_colours import depth_range
from .data import Split
from .pictures import Shown, draw_depth_map, draw_labels, jpeg, shrink_image

MOST_READ = 200  # images; a larger set is looked at in even steps
SHOWN = 6
DEPTH_BINS = 40


class Look(NamedTuple):
    """What is kept of an image.

    Attributes:
        size: (width, height).
        classes: (K,) pixels, or None.
        void: pixels without a class.
        depths: (40,) pixels with so many metres, or None.
        unknown: pixels without depth, or that count nowhere.
    """

    size: tuple[int, int]
    classes: np.ndarray | None
    void: int
    depths: np.ndarray | None
    unknown: int


@dataclass
class Overview:
    """What was found.

    Attributes:
        images: of the whole set.
        read: how many were looked at.
        broken: how many of them could not be read.
        sizes: (width, height) -> images.
        classes: (K,) pixels, or None without classes.
        void: pixels without a class.
        depths: (40,) pixels, in equal steps up to `far`, or None.
        unknown: pixels without a depth in that range.
        far: metres.
        shown: some images with their truth.
    """

    images: int
    read: int = 0
    broken: int = 0
    sizes: Counter = field(default_factory=Counter)
    classes: np.ndarray | None = None
    void: int = 0
    depths: np.ndarray | None = None
    unknown: int = 0
    far: float = 0.0
    shown: list[Shown] = field(default_factory=list)


def look_at(split: Split) -> Overview:
    """Read some of the training data, in threads, with a progress bar.

    Args:
        split: from `open_training`.

    Raises:
        ValueError: no image can be read; says why not the first.
    """
    dataset = split.dataset
    meta = dataset.metainfo
    found = Overview(len(dataset), far=float(meta.get('max_depth') or 0))
    chosen = _spread(found.images, MOST_READ)

    def look(number: int) -> Look:
        return _look(dataset[number], meta)

    why = 'there are none'
    for result in run_jobs(look, chosen, 'Looking at the training data'):
        if isinstance(result, str):
            why = result if not found.broken else why
            found.broken += 1
            continue
        found.read += 1
        found.sizes[result.size] += 1
        if result.classes is not None:
            found.classes = result.classes + (
                0 if found.classes is None else found.classes
            )
            found.void += result.void
        if result.depths is not None:
            found.depths = result.depths + (
                0 if found.depths is None else found.depths
            )
            found.unknown += result.unknown
    if not found.read:
        raise ValueError(f'none of the training images can be read: {why}')
    for number in _spread(found.images, SHOWN):
        try:
            found.shown.append(_show(split, dataset[number], meta))
        except (OSError, ValueError):
            continue  # it is counted above, where it was read
    return found


def _spread(count: int, most: int) -> list[int]:
    """At most `most` of `count` numbers, in even steps from the first."""
    return np.unique(
        np.linspace(0, count - 1, min(count, most)).round().astype(int)
    ).tolist()


def _look(sample: dict[str, Any], meta: dict[str, Any]) -> Look:
    height, width = sample['ori_shape'][:2]
    classes = depths = None
    void = unknown = 0
    if 'gt_seg_map' in sample:
        count = len(meta['classes'])
        labels = np.asarray(sample['gt_seg_map']).ravel()
        inside = (labels >= 0) & (labels < count)
        classes = np.bincount(labels[inside], minlength=count)
        void = labels.size - int(classes.sum())
    if 'gt_depth_map' in sample:
        depth = np.asarray(sample['gt_depth_map']).ravel()
        known = depth[depth > 0]
        limits = 0.0, float(meta['max_depth'])
        depths = np.histogram(known, DEPTH_BINS, limits)[0]
        unknown = depth.size - int(depths.sum())
    return Look((width, height), classes, void, depths, unknown)


def _show(split: Split, sample: dict[str, Any], meta: dict[str, Any]) -> Shown:
    read = picture_reader(split.transforms)
    image = read(sample['img_path'])[..., ::-1]
    panels = dict(image=shrink_image(image))
    if 'gt_seg_map' in sample:
        panels['classes'] = draw_labels(sample['gt_seg_map'], meta['palette'])
    if 'gt_depth_map' in sample:
        depth = sample['gt_depth_map']
        limits = depth_range('percentile', None, depth)
        panels['depth'] = draw_depth_map(depth, limits)
    return Shown(
        split.local(sample['img_path']),
        '',
        {title: jpeg(panel) for title, panel in panels.items()},
    )
