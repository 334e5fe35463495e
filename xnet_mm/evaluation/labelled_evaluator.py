"""A test of which not every image has a label map."""

import logging
from collections.abc import Sequence
from typing import Any

import torch
from mmengine.dist import all_gather_object
from mmengine.evaluator import Evaluator
from mmengine.logging import print_log
from mmengine.structures import BaseDataElement

from ..registry import EVALUATOR

IGNORED = 255


@EVALUATOR.register_module()
class LabelledEvaluator(Evaluator):
    """Evaluates the images that have a label map, and says how many.

    To the metrics an image without one is an image that is ignored
    everywhere: each process has as many results as images, and what counts
    is the others. Where none has one there is nothing to compute; only
    metrics with `format_only` are still called. Predictions that are no
    label maps pass as they are.

    Args:
        metrics: see MMEngine's `Evaluator`.
    """

    def __init__(self, metrics: Any) -> None:
        super().__init__(metrics)
        self._has_labels: dict[str, bool] = {}  # by image

    def process(
        self,
        data_samples: Sequence[BaseDataElement | dict],
        data_batch: Any = None,
    ) -> None:
        """Give each image to each metric."""
        super().process([*map(self._complete, data_samples)], data_batch)

    def _complete(self, sample: BaseDataElement | dict) -> dict:
        """A sample that has labels, if only ignored ones."""
        if isinstance(sample, BaseDataElement):
            sample = sample.to_dict()
        if 'pred_sem_seg' not in sample:
            return sample
        self._has_labels[sample['img_path']] = 'gt_sem_seg' in sample
        if 'gt_sem_seg' in sample:
            return sample
        ids = (getattr(m, 'ignore_index', None) for m in self.metrics)
        ignored = next((i for i in ids if i is not None), IGNORED)
        void = torch.full_like(sample['pred_sem_seg']['data'], ignored)
        return {**sample, 'gt_sem_seg': dict(data=void)}

    def evaluate(self, size: int) -> dict:
        """The metrics, from the images that have a label map.

        Args:
            size: number of images of the data set.

        Returns:
            Name -> value; nothing if no image has labels.
        """
        has_labels: dict[str, bool] = {}
        for part in all_gather_object(self._has_labels):
            has_labels.update(part)
        self._has_labels = {}
        missing = list(has_labels.values()).count(False)
        if not missing:
            return super().evaluate(size)
        if missing < len(has_labels):
            metrics = super().evaluate(size)
            text = (
                f'Evaluated on {len(has_labels) - missing} of '
                f'{len(has_labels)} images: the others have no label map.'
            )
        else:
            metrics = {}
            text = (
                f'No label map for any of the {missing} images: they were '
                'predicted, and nothing was evaluated.'
            )
            for metric in self.metrics:
                if getattr(metric, 'format_only', False):
                    metrics.update(metric.evaluate(size))
                metric.results.clear()
        print_log(text, logger='current', level=logging.WARNING)
        return metrics
