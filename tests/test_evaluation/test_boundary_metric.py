"""The metrics over a data set, through the registry."""

from math import isnan, nan

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from xnet_mm.registry import METRICS

HALF = torch.tensor([[1, 1, 1, 1, 0, 0, 0, 0]] * 8)
SHIFTED = torch.tensor([[1, 1, 1, 1, 1, 0, 0, 0]] * 8)


def evaluate(samples, classes=3, **cfg):
    metric = METRICS.build(dict(**cfg))
    metric.dataset_meta = dict(classes=['x'] * classes)
    for sample in samples:
        metric.process(None, [sample])
    return metric.evaluate(len(samples))


def labels(pred, gt):
    return dict(
        img_path='a.png',
        pred_sem_seg=dict(data=pred[None]),
        gt_sem_seg=dict(data=gt[None]),
    )


def test_boundaries_of_two_images():
    figures = evaluate(
        [labels(SHIFTED, HALF), labels(HALF, HALF)], type='BoundaryMetric'
    )
    # Intersections and unions of both images are summed, see the functions'
    # own test; the class that is in no image does not count.
    wanted = 100 * np.mean([(12 + 20) / (26 + 20), (14 + 20) / (28 + 20)])
    assert figures['boundary_IoU'] == pytest.approx(wanted)
    f0 = 2 * 12 / (18 + 20)  # F1 is twice the hits by all pixels
    f1 = 2 * 14 / (22 + 20)
    wanted = 100 * np.mean([(f0 + 1) / 2, (f1 + 1) / 2])
    assert figures['boundary_F1'] == pytest.approx(wanted)


def depths(pred, gt):
    sample = dict(img_path='a.png', pred_depth_map=dict(data=pred[None]))
    if gt is not None:
        sample['gt_depth_map'] = dict(data=gt[None])
    return sample


def test_depth_boundaries_of_a_data_set():
    truth = torch.ones(3, 3)
    truth[1, 1] = 2
    flat = torch.ones(3, 3)
    samples = [
        depths(truth, truth),
        depths(flat, truth),
        depths(truth, flat),  # no true jump: does not count
        depths(truth, None),
    ]
    figures = evaluate(samples, type='DepthBoundaryMetric')
    jumps = {k: v for k, v in figures.items() if k.startswith('boundary')}
    assert jumps == pytest.approx(
        dict(
            boundary_precision=0.5,
            boundary_recall=0.5,
            boundary_f1=0.5,
            boundary_f1_8=nan,  # no pair is so far apart
            boundary_f1_16=nan,
        ),
        nan_ok=True,
    )
    nothing = evaluate(samples[2:], type='DepthBoundaryMetric')
    assert all(isnan(value) for value in nothing.values())


def test_jumps_over_more_than_a_pixel():
    truth = torch.ones(9, 9)
    truth[0, 0] = 2  # a jump in two of four directions
    samples = [depths(truth, truth), depths(torch.ones(9, 9), truth)]
    figures = evaluate(samples, type='DepthBoundaryMetric')
    assert figures['boundary_f1'] == figures['boundary_f1_8'] == 0.25
    assert isnan(figures['boundary_f1_16'])  # no pair is so far apart


def test_depth_edges_of_a_data_set():
    truth, near = torch.full((2, 40, 60), 2.0)
    truth[:, 30:] = near[:, 33:] = 4.0
    flat = torch.ones(40, 60)
    samples = [
        depths(truth, truth),
        depths(near, truth),
        depths(truth, flat),  # no true edge: does not count
    ]
    figures = evaluate(samples, type='DepthBoundaryMetric')
    assert figures['dbe_accuracy'] == pytest.approx(1.5)
    assert figures['dbe_completeness'] == pytest.approx(1.5)


def test_grid_of_depth_at_its_own_size():
    row = torch.tensor([[0.0, 0, 0, 0, 2, 2, 2, 3]]).exp()
    sample = dict(
        img_path='a', pred_depth_map=dict(data=row[None]), img_shape=(1, 8)
    )
    other = torch.ones(1, 1, 8)
    other[..., -1] = torch.e
    flat = dict(
        img_path='b', pred_depth_map=dict(data=other), img_shape=(1, 8)
    )
    figures = evaluate([sample, flat], type='GridContrast', cells=[4])
    # (2 / 2 pairs) by ((1 + 1) / 12 pairs).
    assert figures == pytest.approx({'grid_contrast_4': 6}, rel=1e-5)


def test_grid_of_classes_after_a_resize():
    """Blocks of 8 pixels are seen through the size of the image file."""
    torch.manual_seed(0)
    logits = torch.randn(1, 3, 6, 8).repeat_interleave(8, 2)
    logits = logits.repeat_interleave(8, 3)
    size = (90, 120)
    smooth = F.interpolate(
        torch.randn(1, 3, 5, 7), size=(48, 64), mode='bicubic'
    )
    found = []
    for maps in (logits, smooth):
        large = F.interpolate(maps, size=size, mode='bilinear')
        sample = dict(
            img_path='a', seg_logits=dict(data=large[0]), img_shape=(48, 64)
        )
        contrast = evaluate([sample], type='GridContrast', cells=[8])
        found.append(contrast['grid_contrast_8'])
    assert found[0] > 1e4  # nothing but rounding between the lines
    sample['seg_logits']['data'] = smooth[0]  # without a resize
    direct = evaluate([sample], type='GridContrast', cells=[8])
    assert found[1] == pytest.approx(direct['grid_contrast_8'], rel=1e-3)
    assert 0.7 < found[1] < 1.3


@pytest.mark.parametrize(
    ('cfg', 'message'),
    [
        (dict(type='GridContrast', cells=[1]), r'cells=\[1\]; .*at least 2'),
        (dict(type='GridContrast', cells=[]), r'cells=\[\]; wanted numbers'),
        (dict(type='BoundaryMetric', band=0), 'band=0; wanted a share'),
        (
            dict(type='BoundaryMetric', tolerance=2.0),
            r'tolerance=2\.0; .*below 1',
        ),
    ],
)
def test_options_that_are_none(cfg, message):
    with pytest.raises(ValueError, match=message):
        METRICS.build(cfg)


def test_maps_that_do_not_fit():
    with pytest.raises(ValueError, match=r'a\.png: .*\(8, 7\) .*\(8, 8\)'):
        evaluate([labels(HALF[:, :7], HALF)], type='BoundaryMetric')
    with pytest.raises(ValueError, match='neither pred_depth_map nor'):
        evaluate([labels(HALF, HALF)], type='GridContrast')
