"""Several metrics, one set of files."""

import cv2
import numpy as np
import torch
from mmengine.structures import PixelData
from mmseg.registry import EVALUATOR
from mmseg.structures import SegDataSample

METRICS = [
    dict(type='xnet_mm.DepthProtocolMetric', max_depth=9.0),
    dict(type='xnet_mm.DepthProtocolMetric', max_depth=3.0, prefix='near'),
]


def evaluate(**options):
    evaluator = EVALUATOR.build(
        dict(type='xnet_mm.DepthEvaluator', metrics=METRICS, **options)
    )
    evaluator.dataset_meta = dict(max_depth=10.0)
    sample = SegDataSample(metainfo=dict(img_path='a.png'))
    sample.pred_depth_map = PixelData(data=torch.tensor([[[2.0, 4.0]]]))
    sample.gt_depth_map = PixelData(data=torch.tensor([[[2.0, 8.0]]]))
    evaluator.process([sample])
    return evaluator.evaluate(1)


def test_all_metrics_count():
    found = evaluate()
    assert found['abs_rel'] == 0.25 and found['near/abs_rel'] == 0


def test_the_files_are_written_once(tmp_path):
    assert evaluate(output_dir=str(tmp_path), keep_results=True) == evaluate()
    (file,) = tmp_path.iterdir()
    found = cv2.imread(str(file), -1)
    np.testing.assert_array_equal(found, [[2000, 4000]])
    assert 'output_dir' not in METRICS[0]
