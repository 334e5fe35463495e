"""IoU over the images that have labels."""

import logging

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.structures import BaseDataElement, PixelData
from mmseg.evaluation import IoUMetric
from mmseg.structures import SegDataSample

from xnet_mm.evaluation import LabelledEvaluator

META = dict(classes=('a', 'b', 'c'))


def sample(number, labelled=True):
    """Random prediction and labels of image `number`."""
    maps = torch.randint(
        3, (2, 1, 6, 8), generator=torch.Generator().manual_seed(number)
    )
    made = SegDataSample(
        metainfo=dict(img_path=f'{number}.jpg'),
        pred_sem_seg=PixelData(data=maps[0]),
    )
    if labelled:
        made.gt_sem_seg = PixelData(data=maps[1])
    return made


def evaluate(kind, samples, metrics=None):
    evaluator = kind(metrics or [IoUMetric()])
    evaluator.dataset_meta = META
    for one in samples:
        evaluator.process([one], {})
    return evaluator.evaluate(len(samples))


@pytest.fixture
def said(monkeypatch):
    texts = []
    monkeypatch.setattr(
        'xnet_mm.evaluation.labelled_evaluator.print_log',
        lambda text, level, **_: texts.append((level, text)),
    )
    return texts


def test_all_have_labels(said):
    samples = [*map(sample, range(4))]
    wanted = evaluate(Evaluator, samples)
    assert evaluate(LabelledEvaluator, samples) == wanted
    assert said == []


@pytest.mark.parametrize('ignore_index', [255, 100])
def test_some_have_labels(said, ignore_index):
    samples = [sample(i, i not in (0, 3)) for i in range(5)]
    labelled = [s for s in samples if 'gt_sem_seg' in s]
    wanted = evaluate(Evaluator, labelled)
    metrics = [IoUMetric(ignore_index=ignore_index)]
    assert evaluate(LabelledEvaluator, samples, metrics) == wanted
    assert 'gt_sem_seg' not in samples[0]  # pictures show no made-up truth
    assert said == [
        (
            logging.WARNING,
            'Evaluated on 3 of 5 images: the others have no label map.',
        )
    ]


def test_none_has_labels(said, tmp_path):
    samples = [sample(i, False) for i in range(3)]
    assert evaluate(LabelledEvaluator, samples) == {}
    (text,) = (text for _, text in said)
    assert text == (
        'No label map for any of the 3 images: they were predicted, and '
        'nothing was evaluated.'
    )
    only = IoUMetric(output_dir=str(tmp_path), format_only=True)
    assert evaluate(LabelledEvaluator, samples, [IoUMetric(), only]) == {}
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        *('0.png', '1.png', '2.png'),
    ]


def test_processes_say_what_all_of_them_saw(said, monkeypatch):
    other = {'7.jpg': True, '8.jpg': False, '0.jpg': False}
    monkeypatch.setattr(
        'xnet_mm.evaluation.labelled_evaluator.all_gather_object',
        lambda mine: [mine, other],
    )
    metrics = evaluate(LabelledEvaluator, [sample(0, False)])
    assert np.isnan(metrics['mIoU'])  # the other's figures are not here
    assert 'Evaluated on 1 of 3 images' in said[0][1]


def test_what_is_no_label_map_passes():
    class Metric(IoUMetric):
        def process(self, data_batch, data_samples):
            self.results += [sorted(one) for one in data_samples]

        def compute_metrics(self, results):
            return dict(seen=results)

    element = BaseDataElement(pred_depth_map=1)
    metrics = evaluate(LabelledEvaluator, [element, {'x': 1}], [Metric()])
    assert metrics == dict(seen=[['pred_depth_map'], ['x']])
