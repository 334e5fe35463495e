"""Predicted label maps of a test run as files."""

from typing import Any

import cv2
from mmengine.structures import BaseDataElement

from ..datasets.label_ids import file_ids
from ..registry import HOOKS
from .save_hook import SaveHook


@HOOKS.register_module()
class SaveLabelsHook(SaveHook):
    """Writes each predicted label map of a test as PNG.

    Pixels hold the ids of the data set's own label maps: `reduce_zero_label`
    and a choice among its classes are undone. 8 bits, or 16 where an id is
    above 255.

    Args:
        out_dir: Folder of the files; see `SaveHook` for their names.
    """

    key = 'pred_sem_seg'

    def encode(self, sample: BaseDataElement, dataset: Any) -> bytes:
        """The PNG of one sample."""
        labels = sample.pred_sem_seg.data
        labels = labels.reshape(labels.shape[-2:])  # mmseg's TTA: (H,W)
        ids = file_ids(dataset.metainfo)[labels.cpu().numpy()]
        return cv2.imencode('.png', ids)[1].tobytes()
