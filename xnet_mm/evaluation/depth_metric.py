"""Depth metrics of a data set, one image at a time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import fsum, inf
from typing import Any

import torch
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from prettytable import PrettyTable
from torch import Tensor

from ..fileio.finite import DEPTHS, check_finite
from ..registry import METRICS
from .depth_files import DepthFiles
from .depth_functional import FUNCTIONS
from .depth_protocols import Box, DepthProtocol, find_protocol

NO_TRUTH = 'no ground truth'
NO_PIXEL = 'no valid pixel'
EXCLUDED = 'not in the protocol'
MAX_SIZES = 4  # of maps that the report names


@dataclass(frozen=True)
class ImageFigures:
    """What is kept of an image: a few numbers.

    Attributes:
        path: Of the image.
        size: 'HxW' of the map.
        pixels: Number that counted.
        values: One for each key of the protocol, in order; empty if the
            image is left out.
        left_out: Why it is left out, '' if it is not.
        detail: More about that.
        clipped: Number of pixels that its file could not hold.
    """

    path: str
    size: str
    pixels: int = 0
    values: tuple[float, ...] = ()
    left_out: str = ''
    detail: str = ''
    clipped: int = 0


@METRICS.register_module()
class DepthProtocolMetric(BaseMetric):
    """Depth metrics by a named protocol.

    Images without ground truth or without a valid pixel are left out of the
    averages; they are counted and reported. Predictions are
    `pred_depth_map`, ground truth is `gt_depth_map`: metres, (1, H, W).

    Args:
        protocol: nyu_eigen, kitti_eigen_garg, kitti_eigen_eigen,
            kitti_official, sun_rgbd, sun_rgbd_without_nyu, ddad or custom.
        min_depth: custom: ground truth counts above (default 1e-3 m).
        max_depth: custom: ground truth counts below (default: the
            data set's metainfo `max_depth`).
        crop: custom: (top, bottom, left, right) that counts, ends excluded.
        clamp: custom: clamp predictions to min_depth..max_depth (default).
        output_dir: write each prediction there, as `DepthFiles` does.
        depth_scale: of these files, units per metre; see `DepthFiles`.
        keep_results: no matter; MMSegmentation's test.py says it beside
            `output_dir`.
        **kwargs: `collect_device`, `prefix` and `collect_dir` of MMEngine.

    Raises:
        ValueError: an unknown protocol, or an option that it does not have.
    """

    default_prefix = ''  # keys stay plain, and MMEngine does not warn

    def __init__(
        self,
        protocol: str = 'custom',
        min_depth: float | None = None,
        max_depth: float | None = None,
        crop: Box | None = None,
        clamp: bool | None = None,
        output_dir: str | None = None,
        depth_scale: float | None = None,
        keep_results: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._files = (
            DepthFiles(output_dir, depth_scale) if output_dir else None
        )
        self._options = dict(
            min_depth=min_depth, max_depth=max_depth, crop=crop, clamp=clamp
        )
        self._name = protocol
        find_protocol(protocol, inf, self._options)  # a wrong one fails now

    @property
    def protocol(self) -> DepthProtocol:
        """The protocol, its range filled in from the data set.

        Raises:
            ValueError: `custom` without any max_depth.
        """
        return find_protocol(self._name, self._max_depth, self._options)

    @property
    def _max_depth(self) -> float | None:
        """Of the data set, metres."""
        return (self.dataset_meta or {}).get('max_depth')

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Compute and keep the figures of each image.

        Raises:
            ValueError: a prediction that is not finite or has another size
                than the ground truth or than the protocol wants.
        """
        protocol = self.protocol
        for sample in data_samples:
            figures = measure(protocol, sample)
            if self._files:
                path = sample['img_path']
                depth = _plane(sample['pred_depth_map']['data'], path)
                clipped = self._files.add(path, depth, self._max_depth)
                figures = replace(figures, clipped=clipped)
            self.results.append(figures)

    def compute_metrics(self, results: list[ImageFigures]) -> dict:
        """Average over images, and print the result with its protocol.

        Runs in the first process, after `collect_results` has waited for
        all of them.

        Raises:
            ValueError: there is no image to average over.
        """
        if self._files:
            clipped = sum(r.clipped for r in results)
            paths = [r.path for r in results]
            self._files.name_all(paths, self._max_depth, clipped)
        protocol = self.protocol
        counted = [r for r in results if not r.left_out]
        lines = [f'{protocol.name} ({protocol.source})', *protocol.describe()]
        lines += count_lines(results)
        if not counted:
            raise ValueError('\n  '.join(['No image to evaluate', *lines]))
        metrics = mean_over_images(protocol.keys, [r.values for r in counted])
        table = PrettyTable(list(metrics))
        table.add_row([f'{value:.4f}' for value in metrics.values()])
        text = '\n  '.join([f'Depth by protocol {lines[0]}', *lines[1:]])
        print_log(f'{text}\n{table}', logger='current')
        return metrics


def mean_over_images(
    keys: Sequence[str], values: Sequence[Sequence[float]]
) -> dict[str, float]:
    """The mean of each figure, every image weighing the same.

    Args:
        keys: Names of the figures.
        values: One figure a key of each image, at least one image.
    """
    columns = zip(*values, strict=True)
    return {
        key: fsum(column) / len(values)  # exact in any order
        for key, column in zip(keys, columns, strict=True)
    }


def measure(protocol: DepthProtocol, sample: dict) -> ImageFigures:
    """The figures of one image.

    Args:
        protocol: How.
        sample: `img_path`, `pred_depth_map` and, if there is ground truth,
            `gt_depth_map`: dicts with `data`, metres, (1, H, W).

    Raises:
        ValueError: see `DepthProtocolMetric.process`.
    """
    path = sample['img_path']
    pred = _plane(sample['pred_depth_map']['data'], path)
    size = '{}x{}'.format(*pred.shape)
    check_finite(pred, path, DEPTHS)
    if protocol.leaves_out(path):
        return ImageFigures(path, size, left_out=EXCLUDED)
    if sample.get('gt_depth_map') is None:
        return ImageFigures(path, size, left_out=NO_TRUTH)
    gt = _plane(sample['gt_depth_map']['data'], path)
    if gt.shape != pred.shape:
        raise ValueError(
            f'{path}: the prediction has {size} pixels, the ground truth '
            f'{"{}x{}".format(*gt.shape)} (height x width). Both must have '
            'the size of the image file or, with KBCrop, of the crop'
        )
    height, width = pred.shape
    protocol.check_size(height, width, path)
    pred, valid_gt = protocol.select(pred, gt)
    if not len(valid_gt):
        detail = _describe_depths(gt)
        return ImageFigures(path, size, left_out=NO_PIXEL, detail=detail)
    scalars = [FUNCTIONS[key](pred, valid_gt) for key in protocol.keys]
    lowest, *values = torch.stack([pred.min(), *scalars]).tolist()
    if lowest <= 0:
        raise ValueError(
            f'{path}: predicted depth {lowest:g} m where there is ground '
            f'truth; protocol {protocol.name} does not clamp and needs '
            'depths > 0. Raise min_depth of the head'
        )
    return ImageFigures(path, size, len(valid_gt), tuple(values))


def _plane(depth: Tensor, path: str) -> Tensor:
    if depth.dim() not in (2, 3) or depth.shape[:-2].numel() != 1:
        raise ValueError(
            f'{path}: a depth map of shape {tuple(depth.shape)}, wanted '
            '(1, height, width)'
        )
    return depth.reshape(depth.shape[-2:])


def _describe_depths(gt: Tensor) -> str:
    known = gt[gt > 0]
    if not len(known):
        return 'all ground truth is 0 = none'
    return (
        f'its ground truth is {known.min():.4g}..{known.max():.4g} m; if '
        'that is wrong, set depth_scale of the data set'
    )


def count_lines(results: Sequence[ImageFigures]) -> list[str]:
    """How many images and pixels counted, and what was left out and why."""
    counted = [r for r in results if not r.left_out]
    pixels = sum(r.pixels for r in counted)
    sizes = Counter(r.size for r in counted).most_common()
    shown = [f'{size} ({images})' for size, images in sizes[:MAX_SIZES]]
    shown += ['...'] * (len(sizes) > MAX_SIZES)
    lines = [f'counted: {len(counted)} images, {pixels} pixels']
    lines[0] += f', maps of {", ".join(shown)}' if shown else ''
    for reason in dict.fromkeys(r.left_out for r in results if r.left_out):
        images = [r for r in results if r.left_out == reason]
        first = ': '.join(filter(None, [images[0].path, images[0].detail]))
        lines.append(f'left out: {len(images)}, {reason} (first {first})')
    return lines
