import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import evaluate_uneven
import numpy as np
import pytest
import torch
from mmengine.registry import METRICS
from mmengine.structures import PixelData
from mmseg.registry import METRICS as MMSEG_METRICS
from mmseg.structures import SegDataSample

from xnet_mm.evaluation import DepthProtocolMetric
from xnet_mm.evaluation.depth_metric import mean_over_images

REPO = Path(__file__).resolve().parents[2]


@pytest.fixture
def printed(monkeypatch):
    """What the metrics print."""
    lines = []
    monkeypatch.setattr(
        'xnet_mm.evaluation.depth_metric.print_log',
        lambda text, **_: lines.append(text),
    )
    return lines


def sample(path, pred, gt=None):
    """A sample as the evaluator hands it on."""
    sample = SegDataSample(metainfo=dict(img_path=path))
    sample.pred_depth_map = PixelData(data=torch.as_tensor(pred).float()[None])
    if gt is not None:
        sample.gt_depth_map = PixelData(data=torch.as_tensor(gt).float()[None])
    return sample.to_dict()


def evaluate(samples, protocol='custom', **options):
    metric = DepthProtocolMetric(protocol, **options)
    metric.dataset_meta = dict(max_depth=10.0)
    metric.process({}, samples)
    return metric.evaluate(len(samples))


ONES = torch.ones(2, 3)


def test_built_by_either_name():
    for registry, name in (
        (METRICS, 'xnet_mm.DepthProtocolMetric'),
        (MMSEG_METRICS, 'DepthProtocolMetric'),
    ):
        metric = registry.build(dict(type=name, protocol='ddad', prefix='val'))
        metric.process({}, [sample('a.png', ONES, 2 * ONES)])
        assert metric.evaluate(1)['val/abs_rel'] == 0.5


def test_images_weigh_the_same_and_some_are_left_out(printed):
    """0.5 over 6 pixels and 0.1 over 1: 0.3, whatever the others are."""
    one = torch.zeros(2, 3)
    one[0, 0] = 1
    figures = evaluate(
        [
            sample('whole.png', ONES, 2 * ONES),
            sample('none.png', ONES),
            sample('sparse.png', ONES * 1.1, one),
            dict(sample('None.png', ONES), gt_depth_map=None),
            sample('far.png', ONES, 5000 * ONES),
            sample('empty.png', ONES, 0 * ONES),
        ]
    )
    assert figures['abs_rel'] == pytest.approx(0.3, rel=1e-6)
    assert printed[0].splitlines()[:8] == [
        'Depth by protocol custom (options of the config)',
        '  pixels: 0.001 < ground truth < 10 m',
        '  crop: none',
        '  predictions: clamped to 0.001..10 m',
        '  averaging: per image, then over images',
        '  counted: 2 images, 7 pixels, maps of 2x3 (2)',
        '  left out: 2, no ground truth (first none.png)',
        '  left out: 2, no valid pixel (first far.png: its ground truth is '
        '5000..5000 m; if that is wrong, set depth_scale of the data set)',
    ]
    assert '|  0.3000 |' in printed[0]


@pytest.mark.parametrize(
    ('protocol', 'lines'),
    [
        (
            'kitti_eigen_garg',
            ['rows 143:349, columns 43:1172 of 352x1216', 'to 0.001..80 m'],
        ),
        ('kitti_official', ['0 < ground truth m', 'none', 'not clamped']),
        ('sun_rgbd', ['beyond 8 m counts as that', 'to 0.001..8 m']),
        ('sun_rgbd_without_nyu', ['images: none with kv1/NYUdata/ in its ']),
    ],
)
def test_protocol_is_printed(printed, protocol, lines):
    ones = torch.ones(352, 1216)
    evaluate([sample('a.png', ones, 2 * ones)], protocol)
    for line in lines:
        assert line in printed[0]


def test_sun_rgbd_without_nyu(printed):
    ones = torch.ones(60, 60)
    nyu = sample('SUNRGBD/kv1/NYUdata/NYU1/image/NYU1.jpg', ones, 2 * ones)
    other = sample('SUNRGBD/kv1/b3dodata/i/image/i.jpg', ones * 3, 2 * ones)
    lower = sample('SUNRGBD/kv1/nyudata/i/image/i.jpg', ones * 3, 2 * ones)
    samples = [nyu, other, lower, nyu]
    assert evaluate(samples, 'sun_rgbd')['rmse_log'] < np.log(2)
    figures = evaluate(samples, 'sun_rgbd_without_nyu')
    assert figures['rmse_log'] == pytest.approx(np.log(1.5))
    assert 'counted: 2 images, 570 pixels' in printed[1]
    assert (
        'left out: 2, not in the protocol (first SUNRGBD/kv1/NY'
        in (printed[1])
    )


def test_mean_is_exact_in_any_order():
    values = [(1e16, 1.0), (1.0, 2.0), (-1e16, 6.0)]
    for order in (values, values[::-1], [values[i] for i in (1, 0, 2)]):
        assert mean_over_images(['a', 'b'], order) == dict(a=1 / 3, b=3.0)


def test_keeps_a_few_numbers_per_image():
    metric = DepthProtocolMetric('nyu_eigen')
    big = torch.ones(480, 640)
    metric.process({}, [sample('a.png', big, big)] * 3)
    assert len(pickle.dumps(metric.results)) < 1000


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_prediction_not_finite(value):
    pred = ONES.clone()
    pred[1, 2] = value
    for gt in (ONES, None, 0 * ONES):
        with pytest.raises(ValueError, match=r'b/c.png: 1 of 6 predicted dep'):
            evaluate([sample('b/c.png', pred, gt)])


def test_size_mismatch():
    with pytest.raises(
        ValueError,
        match=r'a.png: the prediction has 2x3 pixels, the ground truth 4x3',
    ):
        evaluate([sample('a.png', ONES, torch.ones(4, 3))])
    stack = dict(data=torch.ones(2, 2, 3))
    with pytest.raises(ValueError, match=r'a.png: .*shape \(2, 2, 3\)'):
        evaluate([dict(img_path='a.png', pred_depth_map=stack)])


def test_not_positive_without_clamp():
    pred = ONES.clone()
    pred[0, 1] = 0
    with pytest.raises(
        ValueError, match=r'a.png: predicted depth 0 m .*kitti_official does'
    ):
        evaluate([sample('a.png', pred, ONES)], 'kitti_official')
    holes = ONES.clone()
    holes[0, 1] = 0
    assert evaluate([sample('a.png', pred, holes)], 'kitti_official') == {
        **dict(silog=0, abs_rel_percent=0),
        **dict(sq_rel_percent=0, irmse=0),
    }


def test_nothing_to_evaluate():
    with pytest.raises(ValueError, match='No image to evaluate\n  custom'):
        evaluate([])
    with pytest.raises(
        ValueError,
        match=r'(?s)No image.*counted: 0 images, 0 pixels.*left out: 2, no '
        r'valid pixel \(first x/far.png: .*2000..2000 m.*depth_scale',
    ):
        evaluate(
            [
                sample('x/far.png', ONES, 2000 * ONES),
                sample('x/none.png', ONES, 0 * ONES),
            ]
        )
    with pytest.raises(ValueError, match=r'first none.png: all ground truth'):
        evaluate([sample('none.png', ONES, 0 * ONES)])


def test_five_images_on_two_processes_equal_one(tmp_path):
    """The sampler repeats an image to fill the second process's batch."""
    paths = [str(REPO), *filter(None, [os.environ.get('PYTHONPATH')])]
    launch = (sys.executable, '-m', 'torch.distributed.run', '--standalone')
    result = subprocess.run(
        [
            *(*launch, '--nproc-per-node', '2'),
            *(evaluate_uneven.__file__, tmp_path / 'two'),
        ],
        cwd=tmp_path,
        env={
            **os.environ,
            'PYTHONPATH': os.pathsep.join(paths),
            'OMP_NUM_THREADS': '1',
            'CUDA_VISIBLE_DEVICES': '',
        },
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    two = json.loads((tmp_path / 'two.json').read_text())
    one = evaluate_uneven.evaluate(tmp_path / 'one')
    assert two == dict(figures=one, processed=[3, 3])
    zips = [(tmp_path / name).read_bytes() for name in ('one.zip', 'two.zip')]
    assert len(zips[0]) == len(zips[1])
    gt = [
        evaluate_uneven.FiveImages()[i]['gt_depth_map'] for i in (0, 1, 2, 4)
    ]
    pixels = sum(int((g['data'] < 10).sum()) for g in gt)
    report = f'counted: 4 images, {pixels} pixels, maps of 4x6 (4)'
    assert report in result.stdout + result.stderr
