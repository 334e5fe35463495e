"""Sums of segmentation, against slow ones and by hand."""

import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from xnet_mm.report import classes as module
from xnet_mm.report.classes import ClassTally, Reliability, confidences
from xnet_mm.report.data import Split

META = dict(classes=('a', 'b', 'c'), palette=[[1, 2, 3], [4, 5, 6], [7, 8, 9]])


def test_expected_calibration_error_by_hand():
    found = Reliability()
    # 1/15 is the last of the first bin, as bins are open below.
    sure = np.array([1 / 15, 0.5, 0.52, 0.99, 1.0], np.float64)
    right = np.array([True, False, True, True, True])
    found.add(sure[:2], right[:2])
    found.add(sure[2:], right[2:])
    assert found.pixels[[0, 7, 14]].tolist() == [1, 2, 2]
    assert found.pixels.sum() == 5
    gaps = [abs(1 - 1 / 15), abs(1 / 2 - 0.51), abs(1 - 0.995)]
    expected = np.dot(gaps, [1, 2, 2]) / 5
    assert found.expected_error() == pytest.approx(expected)


def test_confidences_by_strips_and_at_once(monkeypatch):
    scores = torch.randn(4, 9, 5, generator=torch.Generator().manual_seed(0))
    pred = scores.argmax(0).numpy()
    monkeypatch.setattr(module, 'STRIP', 4 * 5 * 2)  # two rows
    expected = scores.softmax(0).amax(0).numpy()
    np.testing.assert_allclose(
        confidences(scores, pred, True), expected, rtol=1e-6
    )
    shares = scores.exp()
    np.testing.assert_allclose(
        confidences(shares, pred, False), expected, rtol=1e-6
    )


def test_confidence_of_a_mask_of_one_channel():
    scores = torch.tensor([[[0.2, 0.7]]])  # sigmoid, as MMSegmentation keeps
    found = confidences(scores, np.array([[0, 1]]), True)
    np.testing.assert_allclose(found, [[0.8, 0.7]], rtol=1e-6)


def sample_of(pred, gt, scores=None, name='x.png'):
    sample = SegDataSample(metainfo=dict(img_path=f'/data/{name}'))
    sample.pred_sem_seg = PixelData(data=torch.tensor(pred)[None])
    if gt is not None:
        sample.gt_sem_seg = PixelData(data=torch.tensor(gt)[None])
    if scores is not None:
        sample.seg_logits = PixelData(data=scores)
    return sample


@pytest.fixture
def tally(monkeypatch):
    monkeypatch.setattr(ClassTally, 'draw', lambda self, sample: {})
    split = Split('validation', None, '/data', 1)
    return ClassTally(split, META, 255, True)


def test_counts_of_two_images(tally):
    one = [[0, 0, 1], [2, 2, 1]], [[0, 1, 1], [2, 255, 255]]
    two = [[1, 1, 1]], [[0, 0, 7]]  # 7 is no class
    for i, (pred, gt) in enumerate((one, two)):
        tally.add(sample_of(pred, gt, name=f'{i}.png'))
    counts = tally.counts
    assert counts.confusion.tolist() == [[1, 2, 0], [1, 1, 0], [0, 0, 1]]
    assert counts.images == 2
    first, second = counts.worst.found()
    assert (first.name, first.caption) == (
        *('1.png', 'mIoU 0.00 over its 2 classes'),
    )
    # a: 1 of 2, b: 1 of 2, c: 1 of 1.
    assert second.caption == 'mIoU 66.67 over its 3 classes'
    assert not counts.reliability.pixels.any()


def test_what_has_no_truth_does_not_count(tally):
    tally.add(sample_of([[0]], None))
    tally.add(sample_of([[0]], [[255]]))
    assert tally.counts.images == 0
    assert not tally.counts.confusion.any()


def test_reliability_of_pixels_that_count(tally):
    scores = torch.tensor([[[2.0, 0.0, 9.0]], [[0.0] * 3], [[0.0] * 3]])
    tally.add(sample_of([[0, 0, 0]], [[0, 1, 255]], scores))
    found = tally.counts.reliability
    share = np.exp(2) / (np.exp(2) + 2)
    assert found.pixels.sum() == 2
    assert found.right.sum() == 1
    assert found.confidence.sum() == pytest.approx(share + 1 / 3)
