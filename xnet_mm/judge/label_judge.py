"""Figures of label maps, pair by pair and over all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import nan
from pathlib import Path

import numpy as np

from ..datasets.array_files import read_array
from ..datasets.label_ids import IGNORED
from ..datasets.transforms.labels import decode_label_map
from ..evaluation.boundary_functional import (
    boundary_overlap,
    boundary_scores,
)
from ..evaluation.boundary_metric import BoundaryMetric
from ..evaluation.depth_metric import NO_TRUTH
from ..fileio.text import read_bytes
from .digest import file_digest
from .label_space import LabelSpace
from .pairs import Pair, judge_pairs

NO_PIXEL = 'every pixel is ignored'
ARRAYS = ('.npy', '.npz')
RULES = BoundaryMetric()  # its widths, and how it averages
JPEG_START = b'\xff\xd8\xff'


@dataclass(frozen=True)
class LabelVerdict:
    """What is known of one prediction.

    Attributes:
        pair: Its files.
        digests: SHA-256 of prediction and truth, '' without truth.
        size: 'HxW' of the map.
        left_out: Why it does not count, '' if it does.
        cells: Where its confusion matrix is not 0, (3, n): true class,
            predicted class, pixels.
        edges: What `BoundaryMetric` keeps of it.
    """

    pair: Pair
    digests: tuple[str, str]
    size: str
    left_out: str = ''
    cells: np.ndarray | None = None
    edges: tuple[np.ndarray, np.ndarray] | None = None


@dataclass(frozen=True)
class LabelFigures:
    """The result, in % where not said otherwise.

    Attributes:
        images: How many counted.
        pixels: How many counted.
        overall: aAcc, mIoU, mAcc, boundary_IoU, boundary_F1.
        by_class: IoU and Acc of each class, nan where it does not occur.
        confusion: (K, K) pixels: row the true class, column the predicted.
    """

    images: int
    pixels: int
    overall: dict[str, float]
    by_class: dict[str, np.ndarray]
    confusion: np.ndarray


def read_labels(path: Path, space: LabelSpace) -> np.ndarray:
    """A label map as classes, (H, W) uint8; 255 where nothing counts.

    Formats: one-channel pictures of integers (PNG, TIFF, BMP), npy and npz
    (the array `labels`, or a single one).

    Raises:
        FileNotFoundError: no such file.
        ValueError: unreadable, several channels, lossy (JPEG), no integers,
            or an id without a class.
    """
    content = read_bytes(path, 'label map')
    if path.suffix.lower() in ARRAYS:
        try:
            ids = read_array(path, 'labels')
        except Exception as error:  # zipfile, zlib and numpy raise their own
            raise ValueError(f'{path}: unreadable ({error})') from None
        while ids.ndim > 2 and ids.shape[0] == 1:
            ids = ids[0]
        if ids.ndim != 2 or ids.dtype.kind not in 'bui':
            raise ValueError(
                f'{path}: {ids.dtype} of shape {ids.shape}; a label map is '
                'an array (height, width) of integers, the class ids'
            )
    else:
        if content.startswith(JPEG_START):
            raise ValueError(
                f'{path}: a JPEG, which alters ids at every edge. Save the '
                'original labels as PNG'
            )
        ids = decode_label_map(content, str(path))
    return space.to_classes(ids, str(path))


def judge_labels(
    pairs: Sequence[Pair], space: LabelSpace, workers: int | None = None
) -> tuple[list[LabelVerdict], list[tuple[str, str]]]:
    """Judge all pairs, in threads, with a progress bar.

    Args:
        pairs: At least one.
        space: The classes.
        workers: Threads; by default one a core.

    Returns:
        A verdict of each that could be judged, in order, and (file, why) of
        the others.
    """
    return judge_pairs(partial(judge_label_pair, space=space), pairs, workers)


def judge_label_pair(pair: Pair, space: LabelSpace) -> LabelVerdict:
    """The verdict on one prediction.

    Raises:
        FileNotFoundError or ValueError: a file that cannot be read or
            judged; the text begins with its path.
    """
    pred = read_labels(pair.prediction, space)
    size = '{}x{}'.format(*pred.shape)
    digests = file_digest(pair.prediction), ''
    if pair.truth is None:
        return LabelVerdict(pair, digests, size, NO_TRUTH)
    digests = digests[0], file_digest(pair.truth)
    gt = read_labels(pair.truth, space)
    if pred.shape != gt.shape:
        raise ValueError(
            f'{pair.prediction}: the prediction has {size} pixels, its truth '
            f'{"{}x{}".format(*gt.shape)} (height x width). Bring the '
            'prediction to the size of the truth, by nearest neighbour'
        )
    counts = gt != IGNORED
    if not counts.any():
        return LabelVerdict(pair, digests, size, NO_PIXEL)
    void = int((pred[counts] == IGNORED).sum())
    if void:
        raise ValueError(
            f'{pair.prediction}: {void} pixels that count have no predicted '
            f'class, but an id that is ignored ({space.describe()}). Ignored '
            'is what the truth leaves out; predict a class everywhere'
        )
    classes = len(space.classes)
    cells = count_pairs(pred[counts], gt[counts], classes)
    edges = (
        boundary_overlap(pred, gt, classes, RULES.band, IGNORED),
        boundary_scores(pred, gt, classes, RULES.tolerance, IGNORED),
    )
    return LabelVerdict(pair, digests, size, '', cells, edges)


def count_pairs(pred: np.ndarray, gt: np.ndarray, classes: int) -> np.ndarray:
    """Where the confusion matrix of some pixels is not 0.

    Args:
        pred: Classes, (N,).
        gt: Classes, (N,).
        classes: How many, K.

    Returns:
        (3, n): true class, predicted class, pixels.
    """
    counted = np.bincount(
        gt.astype(np.int64) * classes + pred, minlength=classes**2
    )
    places = np.flatnonzero(counted)
    return np.array([*divmod(places, classes), counted[places]])


def class_scores(confusion: np.ndarray) -> dict[str, np.ndarray]:
    """IoU and accuracy of each class, (K,) in %, nan where it has no pixel.

    Args:
        confusion: (K, K) pixels: row the true class, column the predicted.
    """
    right = np.diag(confusion)
    true, predicted = confusion.sum(1), confusion.sum(0)
    union = true + predicted - right
    return dict(IoU=100 * _ratio(right, union), Acc=100 * _ratio(right, true))


def summarize(verdicts: Sequence[LabelVerdict], classes: int) -> LabelFigures:
    """Sum pixels over images, then average over classes, as mIoU does.

    Whole numbers are summed: other than mmseg's `IoUMetric`, which sums in
    float32, this is exact for any number of pixels.

    Args:
        verdicts: Of all images; or of one, for its own figures.
        classes: How many, K.

    Raises:
        ValueError: none counts.
    """
    counted = [v for v in verdicts if not v.left_out]
    if not counted:
        raise ValueError(
            f'no image to judge of {len(verdicts)}: the first, '
            f'{verdicts[0].pair.prediction}, is left out '
            f'({verdicts[0].left_out})'
        )
    confusion = np.zeros((classes, classes), np.int64)
    for verdict in counted:
        if verdict.cells is not None:
            true, predicted, pixels = verdict.cells
            confusion[true, predicted] += pixels
    by_class = class_scores(confusion)
    edges = RULES.compute_metrics([v.edges for v in counted if v.edges])
    overall = dict(
        aAcc=100 * float(np.trace(confusion) / confusion.sum()),
        mIoU=float(np.nanmean(by_class['IoU'])),
        mAcc=float(np.nanmean(by_class['Acc'])),
        **edges,
    )
    return LabelFigures(
        len(counted),
        int(confusion.sum()),
        overall,
        by_class,
        confusion,
    )


def _ratio(part: np.ndarray, total: np.ndarray) -> np.ndarray:
    """(K,), nan where there is nothing."""
    return np.where(total > 0, part / np.maximum(total, 1), nan)
