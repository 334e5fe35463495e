"""What is counted of segmentation, image by image."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmengine.structures import BaseDataElement
from torch import Tensor

from ..judge.label_judge import class_scores, count_pairs
from ..prediction.scores import probabilities
from .data import Split
from .pictures import (
    Shown,
    draw_labels,
    draw_mistakes,
    jpeg,
    read_picture,
    shrink_image,
)
from .worst import Worst

BINS = 15
STRIP = 2**22  # scores that are turned to probabilities at once


class Reliability:
    """How often a class is right, by how sure the model is of it.

    Attributes:
        pixels: (15,), how many have a confidence in ((i)/15, (i+1)/15].
        right: (15,), how many of them have the right class.
        confidence: (15,), sum of their confidences.
    """

    def __init__(self) -> None:
        self.pixels = np.zeros(BINS, np.int64)
        self.right = np.zeros(BINS, np.int64)
        self.confidence = np.zeros(BINS)

    def add(self, confidence: np.ndarray, right: np.ndarray) -> None:
        """Count pixels.

        Args:
            confidence: of the predicted class, 0 to 1, (N,).
            right: whether it is the true one, (N,).
        """
        number = np.ceil(confidence * BINS).astype(np.int64) - 1
        number = number.clip(0, BINS - 1)
        self.pixels += np.bincount(number, minlength=BINS)
        self.right += np.bincount(number[right], minlength=BINS)
        self.confidence += np.bincount(number, confidence, minlength=BINS)

    def expected_error(self) -> float:
        """Expected calibration error, 0 to 1 (Guo et al., ICML 2017).

        The mean over pixels of |share that is right - mean confidence| of
        the bin they are in.
        """
        total = self.pixels.sum()
        return float(np.abs(self.right - self.confidence).sum() / total)


def confidences(
    scores: Tensor, pred: np.ndarray, gives_logits: bool
) -> np.ndarray:
    """The probability of the class that is predicted.

    Args:
        scores: (K,H,W), as of `class_probabilities`.
        pred: classes, (H,W).
        gives_logits: likewise.

    Returns:
        (H,W) float32. Only some rows are worked on at once, as all classes
        of a large image are gigabytes.
    """
    found = np.empty(pred.shape, np.float32)
    rows = max(1, STRIP // (len(scores) * pred.shape[1]))
    for top in range(0, len(pred), rows):
        part = slice(top, top + rows)
        share = probabilities(scores[:, part].float().cpu(), gives_logits)
        chosen = torch.from_numpy(pred[part].astype(np.int64))[None]
        found[part] = share.gather(0, chosen)[0].numpy()
    return found


@dataclass
class ClassCounts:
    """The sums over all images.

    Attributes:
        classes: their names.
        palette: their colours.
        confusion: (K, K) pixels: row the true class, column the predicted.
        reliability: see there; None where a model has no scores.
        worst: the images with the lowest mean IoU.
        images: how many have labels.
    """

    classes: tuple[str, ...]
    palette: Any
    confusion: np.ndarray
    reliability: Reliability
    worst: Worst
    images: int = 0


class ClassTally:
    """Counts one image after the other.

    Args:
        split: where the images are from.
        meta: `metainfo` of its data set.
        ignored: label of pixels that do not count.
        gives_logits: see `class_probabilities`.

    Attributes:
        counts: the sums so far.
    """

    def __init__(
        self,
        split: Split,
        meta: Mapping[str, Any],
        ignored: int,
        gives_logits: bool,
    ) -> None:
        self.split, self.ignored = split, ignored
        self.gives_logits = gives_logits
        classes = tuple(map(str, meta['classes']))
        size = len(classes)
        self.counts = ClassCounts(
            classes,
            meta['palette'],
            np.zeros((size, size), np.int64),
            Reliability(),
            Worst(),
        )

    def add(self, sample: BaseDataElement) -> None:
        """Count a prediction, if there is truth of it."""
        if 'gt_sem_seg' not in sample:
            return
        pred, gt = maps_of(sample)
        counts = self.counts
        size = len(counts.classes)
        valid = (gt != self.ignored) & (gt < size)
        if not valid.any():
            return
        counts.images += 1
        true, predicted, pixels = count_pairs(pred[valid], gt[valid], size)
        own = np.zeros_like(counts.confusion)
        own[true, predicted] = pixels
        counts.confusion += own
        if 'seg_logits' in sample:
            sure = confidences(sample.seg_logits.data, pred, self.gives_logits)
            counts.reliability.add(sure[valid], (pred == gt)[valid])
        iou = class_scores(own)['IoU']
        mean = float(np.nanmean(iou))
        present = int(np.isfinite(iou).sum())
        noun = 'class' if present == 1 else 'classes'
        counts.worst.offer(
            -mean,
            lambda: Shown(
                self.split.local(sample.metainfo['img_path']),
                f'mIoU {mean:.2f} over its {present} {noun}',
                self.draw(sample),
            ),
        )

    def panels(self, sample: BaseDataElement) -> dict[str, np.ndarray]:
        """Image, truth and prediction, small."""
        pred, gt = maps_of(sample)
        palette = self.counts.palette
        return dict(
            image=shrink_image(read_picture(self.split, sample)),
            truth=draw_labels(gt, palette),
            prediction=draw_labels(pred, palette),
        )

    def draw(self, sample: BaseDataElement) -> dict[str, bytes]:
        """The panels, and where the prediction is wrong, as JPEG."""
        panels = self.panels(sample)
        mistakes = draw_mistakes(
            panels['image'], *maps_of(sample), self.ignored
        )
        panels['errors'] = mistakes
        return {title: jpeg(panel) for title, panel in panels.items()}


def maps_of(sample: BaseDataElement) -> tuple[np.ndarray, np.ndarray]:
    """Predicted and true classes of a sample, (H, W) each."""
    pred, gt = (
        sample.get(key).data.squeeze(0).cpu().numpy()
        for key in ('pred_sem_seg', 'gt_sem_seg')
    )
    return pred, gt
