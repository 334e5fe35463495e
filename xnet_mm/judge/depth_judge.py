"""Figures of depth maps, pair by pair, by the package's own functions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch

from ..evaluation.boundary_metric import (
    STEPS,
    DepthBoundaryMetric,
    Figures,
    depth_boundary_figures,
)
from ..evaluation.depth_alignment import (
    ALIGNMENTS,
    AlignedFigures,
    aligned_range,
)
from ..evaluation.depth_metric import (
    EXCLUDED,
    NO_TRUTH,
    ImageFigures,
    mean_over_images,
    measure,
)
from ..evaluation.depth_protocols import DepthProtocol
from .depth_files import Units, read_prediction, read_truth
from .digest import file_digest
from .pairs import Pair, judge_pairs
from .sizes import fit_sizes
from .spaces import (
    IN_DISPARITY,
    Space,
    count_pixels,
    count_without_depth,
    measure_space,
    to_depth,
)


@dataclass(frozen=True)
class DepthVerdict:
    """What is known of one prediction.

    Attributes:
        pair: Its files.
        digests: SHA-256 of prediction and truth, '' without truth.
        figures: Of the metric map; of a disparity, of the map aligned to
            the truth.
        aligned: Figures by alignment; empty if the image is left out.
        not_positive: Pixels that count where 0 or less was predicted.
        boundary: Precision, recall, F1 of jumps; None where there are none.
        edges: Accuracy and completeness of `depth_boundary_error`, pixels;
            None likewise.
        done: What was done about sizes.
        wide: F1 of jumps over each of `STEPS`, as `boundary` has it.
    """

    pair: Pair
    digests: tuple[str, str]
    figures: ImageFigures
    aligned: dict[str, AlignedFigures] = field(default_factory=dict)
    not_positive: int = 0
    boundary: Figures | None = None
    edges: Figures | None = None
    done: tuple[str, ...] = ()
    wide: Sequence[Figures | None] = (None,) * len(STEPS)


@dataclass(frozen=True)
class DepthSetting:
    """How to judge.

    Attributes:
        protocol: Which pixels count, and which figures.
        predictions: Units of the predicted maps.
        truth: Units of the true ones.
    """

    protocol: DepthProtocol
    predictions: Units
    truth: Units

    def read(self, pair: Pair) -> tuple[np.ndarray, np.ndarray, tuple]:
        """Both maps (H, W) of a pair with truth, and what was done to them.

        Predictions are as in the file: depth, or what `Units.space` says.

        Raises:
            FileNotFoundError or ValueError: see `read_prediction`,
                `read_truth` and `fit_sizes`.
        """
        if pair.truth is None:
            raise ValueError(f'{pair.prediction}: {NO_TRUTH}')
        pred = read_prediction(pair.prediction, self.predictions)
        gt = read_truth(pair.truth, self.truth)
        return fit_sizes(self.protocol, pred, gt, str(pair.prediction))

    def leaves_out(self, pair: Pair) -> bool:
        """Whether the image is no part of the protocol, by its paths."""
        paths = filter(None, (pair.prediction, pair.truth))
        return any(self.protocol.leaves_out(str(path)) for path in paths)


def judge_depth(
    pairs: Sequence[Pair], setting: DepthSetting, workers: int | None = None
) -> tuple[list[DepthVerdict], list[tuple[str, str]]]:
    """Judge all pairs, in threads, with a progress bar.

    Args:
        pairs: At least one.
        setting: How.
        workers: Threads; by default one a core.

    Returns:
        A verdict of each that could be judged, in order, and (file, why) of
        the others.
    """
    return judge_pairs(partial(judge_pair, setting=setting), pairs, workers)


def judge_pair(pair: Pair, setting: DepthSetting) -> DepthVerdict:
    """The verdict on one prediction.

    The figures of the metric map are `depth_metric.measure`'s, the very
    function that a test by a config calls.

    Raises:
        FileNotFoundError or ValueError: a file that cannot be read or
            judged; the text begins with its path.
    """
    protocol = setting.protocol
    name = str(pair.prediction)
    digests = file_digest(pair.prediction), ''
    if pair.truth is None or setting.leaves_out(pair):
        depth = read_prediction(pair.prediction, setting.predictions)
        why = EXCLUDED if setting.leaves_out(pair) else NO_TRUTH
        size = '{}x{}'.format(*depth.shape)
        figures = ImageFigures(name, size, left_out=why)
        return DepthVerdict(pair, digests, figures)
    digests = digests[0], file_digest(pair.truth)
    *maps, done = setting.read(pair)
    values, gt = (torch.from_numpy(np.ascontiguousarray(m)) for m in maps)
    space = setting.predictions.space
    not_positive = count_without_depth(space, protocol, values, gt)
    if not_positive and not protocol.clamp:
        raise ValueError(
            f'{name}: {not_positive} of {count_pixels(protocol, gt)} '
            f'predicted {setting.predictions.noun} that count are 0 or '
            f'negative. Protocol {protocol.name} does not clamp, so they '
            f'have no figure; predict {setting.predictions.noun} above 0'
        )
    pred = to_depth(space, protocol, values, gt)
    sample = dict(
        img_path=name,
        pred_depth_map=dict(data=pred),
        gt_depth_map=dict(data=gt),
    )
    figures = measure(protocol, sample)
    if figures.left_out:
        return DepthVerdict(pair, digests, figures, done=done)
    # Of the whole map; what is not above 0 counts as nearest.
    near, _ = aligned_range(protocol)
    jumps, *wide, edges = depth_boundary_figures(
        torch.where(pred > 0, pred, near), gt
    )
    return DepthVerdict(
        pair,
        digests,
        figures,
        measure_space(space, protocol, values, gt),
        not_positive,
        jumps,
        edges,
        done,
        wide,
    )


@dataclass(frozen=True)
class DepthFigures:
    """The result: means over images.

    Attributes:
        images: How many counted.
        metric: By key of the protocol; nan of disparities.
        aligned: By alignment; nan where no image could be aligned.
        aligned_images: By alignment: how many images its means are over.
        boundary: Of `DepthBoundaryMetric`; nan without jumps or edges.
        boundary_images: How many images have jumps.
        ratio: Median over images of the scale that makes medians equal.
        mirrored: Images in which the least squares turn near and far.
        not_positive: (pixels, images) where 0 or less was predicted.
    """

    images: int
    metric: dict[str, float]
    aligned: dict[str, dict[str, float]]
    aligned_images: dict[str, int]
    boundary: dict[str, float]
    boundary_images: int
    ratio: float
    mirrored: int
    not_positive: tuple[int, int]


def summarize(
    protocol: DepthProtocol,
    verdicts: Sequence[DepthVerdict],
    space: Space = 'depth',
) -> DepthFigures:
    """Average over the images that count.

    Args:
        protocol: Which one.
        verdicts: Of all images.
        space: What was predicted.

    Raises:
        ValueError: none counts.
    """
    counted = [v for v in verdicts if not v.figures.left_out]
    if not counted:
        first = verdicts[0].figures
        detail = f': {first.detail}' if first.detail else ''
        raise ValueError(
            f'no image to judge of {len(verdicts)}: the first, {first.path}, '
            f'is left out ({first.left_out}{detail})'
        )
    keys = protocol.keys
    nothing = dict.fromkeys(keys, float('nan'))
    metric = mean_over_images(keys, [v.figures.values for v in counted])
    aligned, aligned_images = {}, {}
    for name in ALIGNMENTS:
        values = [v.aligned[name].values for v in counted]
        known = [v for v in values if v]
        aligned_images[name] = len(known)
        aligned[name] = mean_over_images(keys, known) if known else nothing
    in_own_space = 'scale_shift' if space == 'depth' else IN_DISPARITY
    with_holes = [v.not_positive for v in counted if v.not_positive]
    return DepthFigures(
        len(counted),
        nothing if space == 'disparity' else metric,
        aligned,
        aligned_images,
        DepthBoundaryMetric().compute_metrics(
            [[v.boundary, *v.wide, v.edges] for v in counted]
        ),
        sum(v.boundary is not None for v in counted),
        _median([_scale(v, 'median') for v in counted]),
        sum(_scale(v, in_own_space) < 0 for v in counted),
        (sum(with_holes), len(with_holes)),
    )


def _median(values: Sequence[float]) -> float:
    """Of the values that are not nan; nan of none."""
    known = [value for value in values if value == value]
    return float(np.median(known)) if known else float('nan')


def _scale(verdict: DepthVerdict, alignment: str) -> float:
    return verdict.aligned[alignment].fit.scale


def worst_first(
    protocol: DepthProtocol, verdicts: Sequence[DepthVerdict]
) -> list[DepthVerdict]:
    """Images that count by the protocol's first figure, the highest first.

    The first figures, abs_rel and silog, are errors.
    """
    counted = [v for v in verdicts if not v.figures.left_out]
    return sorted(counted, key=lambda v: -v.figures.values[0])
