"""Label maps of a test run: the ids of the data set's own files."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from xnet_mm.engine import SaveLabelsHook

LABELS = np.array([[0, 1, 2], [2, 1, 0]])


@pytest.mark.parametrize('shape', [(1, 2, 3), (2, 3)])  # that is mmseg's TTA
@pytest.mark.parametrize(
    ('meta', 'ids'),
    [
        ({}, [0, 1, 2]),
        (dict(reduce_zero_label=True), [1, 2, 3]),
        (dict(label_map={0: 2, 1: 255, 2: 0, 3: 1}), [2, 3, 0]),
    ],
)
def test_hook_writes_the_ids_of_the_files(tmp_path, shape, meta, ids):
    dataset = SimpleNamespace(metainfo=dict(classes=('a', 'b', 'c'), **meta))
    data = torch.tensor(LABELS).reshape(shape)
    sample = SegDataSample(pred_sem_seg=PixelData(data=data))
    path = tmp_path / 'a.png'
    path.write_bytes(SaveLabelsHook('x').encode(sample, dataset))
    stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert stored.dtype == np.uint8
    np.testing.assert_array_equal(stored, np.array(ids)[LABELS])


def test_ids_above_255_take_16_bit(tmp_path):
    dataset = SimpleNamespace(metainfo=dict(classes=range(300)))
    data = torch.tensor([[[0, 299]]])
    sample = SegDataSample(pred_sem_seg=PixelData(data=data))
    path = tmp_path / 'a.png'
    path.write_bytes(SaveLabelsHook('x').encode(sample, dataset))
    stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert stored.dtype == np.uint16 and stored.tolist() == [[0, 299]]
