"""Every protocol on a map whose few known pixels decide what counts."""

import math
from math import inf

import numpy as np
import pytest
import torch

from xnet_mm.evaluation import DepthProtocolMetric

PAPER = (
    *('abs_rel', 'sq_rel', 'rmse', 'rmse_log', 'log10'),
    *('silog', 'silog_half', 'd1', 'd2', 'd3'),
)
OFFICIAL = ('silog', 'abs_rel_percent', 'sq_rel_percent', 'irmse')
F32 = np.float32


def above(x):
    return np.nextafter(F32(x), F32(1e9))


def below(x):
    return np.nextafter(F32(x), F32(0))


def slow_figures(pairs):
    """All metrics of (prediction, truth) pairs, one pixel after another."""
    n = len(pairs)
    names = ('abs', 'sq', 'sqrel', 'se', 'log', 'log2', 'log10', 'inv')
    sums = dict.fromkeys(names, 0.0)
    hits = [0, 0, 0]
    for d, g in pairs:
        d, g = float(d), float(g)
        e = math.log(d) - math.log(g)
        sums['abs'] += abs(d - g) / g
        sums['sq'] += (d - g) ** 2 / g
        sums['sqrel'] += (d - g) ** 2 / g**2
        sums['se'] += (d - g) ** 2
        sums['log'] += e
        sums['log2'] += e * e
        sums['log10'] += abs(math.log10(d) - math.log10(g))
        sums['inv'] += (1 / d - 1 / g) ** 2
        for k in range(3):
            hits[k] += max(d / g, g / d) < 1.25 ** (k + 1)
    mean = {key: value / n for key, value in sums.items()}
    return dict(
        abs_rel=mean['abs'],
        sq_rel=mean['sq'],
        rmse=math.sqrt(mean['se']),
        rmse_log=math.sqrt(mean['log2']),
        log10=mean['log10'],
        silog=100 * math.sqrt(mean['log2'] - mean['log'] ** 2),
        silog_half=math.sqrt(mean['log2'] - mean['log'] ** 2 / 2),
        d1=hits[0] / n,
        d2=hits[1] / n,
        d3=hits[2] / n,
        irmse=1000 * math.sqrt(mean['inv']),
        abs_rel_percent=100 * mean['abs'],
        sq_rel_percent=100 * mean['sqrel'],
    )


def evaluate(metric, shape, pixels, path='a/b.png'):
    """Figures of a map that is empty but for (row, column, truth, pred)."""
    gt, pred = np.zeros(shape, F32), np.ones(shape, F32)
    for row, column, truth, predicted in pixels:
        gt[row, column], pred[row, column] = truth, predicted
    sample = dict(
        img_path=path,
        pred_depth_map=dict(data=torch.from_numpy(pred)[None]),
        gt_depth_map=dict(data=torch.from_numpy(gt)[None]),
    )
    metric.process({}, [sample])
    return metric.evaluate(1)


def corners(top, bottom, left, right):
    """The corner pixels of a box, and those just outside of them."""
    inside = [
        *((top, left), (top, right - 1)),
        *((bottom - 1, left), (bottom - 1, right - 1)),
    ]
    outside = [
        *((top - 1, left), (top, left - 1), (top - 1, right - 1)),
        *((top, right), (bottom, left), (bottom - 1, left - 1)),
        *((bottom, right - 1), (bottom - 1, right)),
    ]
    return inside, outside


def box_pixels(box):
    """Pixels at the corners of the crop: those that count, all others."""
    inside, outside = corners(*box)
    truth = [1.5, 2.0, 3.0, 5.0]
    counted = [
        (row, column, g, 1.1 * g)
        for (row, column), g in zip(inside, truth, strict=True)
    ]
    return counted, [(row, column, 1.0, 7.0) for row, column in outside]


def range_pixels(row, column, low, high):
    """Pixels at the ends of the range: those that count, all others."""
    counted = [(row, column, above(low), 0.002)]
    counted += [(row, column + 1, below(high), 0.9 * high)]
    others = [(row, column + 2, low, 1.0), (row, column + 3, high, 1.0)]
    return counted, [*others, (row, column + 4, high + 1, 1.0)]


@pytest.mark.parametrize(
    ('protocol', 'shape', 'box', 'high'),
    [
        ('nyu_eigen', (480, 640), (45, 471, 41, 601), 10),
        ('kitti_eigen_garg', (352, 1216), (143, 349, 43, 1172), 80),
        ('kitti_eigen_eigen', (352, 1216), (117, 321, 43, 1172), 80),
    ],
)
def test_range_crop_and_clamp(protocol, shape, box, high):
    counted, others = box_pixels(box)
    more_counted, more_others = range_pixels(200, 300, 1e-3, high)
    clamped = [
        (250, 300, 0.5, -3.0, 1e-3),
        (250, 301, 0.5, 0.0, 1e-3),
        (250, 302, high / 2, 2 * high, high),
    ]
    figures = evaluate(
        DepthProtocolMetric(protocol),
        shape,
        [*counted, *others, *more_counted, *more_others]
        + [pixel[:4] for pixel in clamped],
    )
    expected = slow_figures(
        [(F32(d), F32(g)) for *_, g, d in counted + more_counted]
        + [(F32(d), F32(g)) for *_, g, _, d in clamped]
    )
    assert list(figures) == list(PAPER)
    for key in PAPER:
        assert figures[key] == pytest.approx(expected[key], rel=1e-9), key


def test_ddad_has_no_crop():
    shape = (12, 19)
    counted, others = range_pixels(5, 5, 1e-3, 200)
    counted += [(0, 0, 3.0, 4.0), (11, 18, 150.0, 120.0)]
    clamped = [(6, 6, 190.0, 400.0)]
    figures = evaluate(
        DepthProtocolMetric('ddad'), shape, counted + others + clamped
    )
    pairs = [(F32(d), F32(g)) for *_, g, d in counted] + [(200, 190)]
    expected = slow_figures(pairs)
    assert figures == pytest.approx({k: expected[k] for k in PAPER}, rel=1e-9)


def test_kitti_official_counts_all_ground_truth():
    pixels = [
        (0, 0, above(0), 1.0),
        (0, 1, 1e-3, 2e-3),
        (3, 4, 85.0, 100.0),
        (2, 2, 255.0, 240.0),
    ]
    figures = evaluate(DepthProtocolMetric('kitti_official'), (4, 5), pixels)
    expected = slow_figures([(F32(d), F32(g)) for *_, g, d in pixels])
    assert list(figures) == list(OFFICIAL)
    for key in OFFICIAL:
        assert figures[key] == pytest.approx(expected[key], rel=1e-9), key


@pytest.mark.parametrize(
    ('shape', 'box'),
    [
        ((530, 730), (45, 471, 41, 601)),
        ((480, 640), (45, 471, 41, 601)),
        ((427, 561), (45, 427, 41, 561)),  # the crop ends with the map
    ],
)
@pytest.mark.parametrize('protocol', ['sun_rgbd', 'sun_rgbd_without_nyu'])
def test_sun_rgbd_at_native_size(protocol, shape, box):
    counted, others = box_pixels(box)
    others = [p for p in others if p[0] < shape[0] and p[1] < shape[1]]
    others += [(100, 100, 1e-3, 1.0)]
    counted += [(100, 101, above(1e-3), 0.002), (100, 102, 8.0, 7.0)]
    set_to_8 = [
        (101, 100, 8.5, 6.0, 8, 6),
        (101, 101, 10.0, 6.5, 8, 6.5),  # would be out of range as it is
        (101, 102, 60.0, 9.0, 8, 8),
        (101, 103, 4.0, 9.5, 4, 8),
        (101, 104, 4.0, 0.0, 4, F32(1e-3)),
    ]
    figures = evaluate(
        DepthProtocolMetric(protocol),
        shape,
        counted + others + [pixel[:4] for pixel in set_to_8],
        path='SUNRGBD/kv1/NYUdata.jpg',  # no folder of that name
    )
    expected = slow_figures(
        [(F32(d), F32(g)) for *_, g, d in counted]
        + [(d, g) for *_, g, d in set_to_8]
    )
    assert figures == pytest.approx({k: expected[k] for k in PAPER}, rel=1e-9)


def test_custom():
    counted, others = box_pixels((3, 9, 4, 12))
    metric = DepthProtocolMetric(crop=(3, 9, 4, 12), min_depth=0.5)
    metric.dataset_meta = dict(max_depth=6.0)
    counted += [(5, 5, above(0.5), 1.0), (5, 6, below(6), 1.0)]
    others += [(5, 7, 0.5, 1.0), (5, 8, 6.0, 1.0)]
    pixels = [*counted, *others, (6, 6, 1.0, 30.0), (6, 7, 1.0, 0.1)]
    pairs = [(F32(d), F32(g)) for *_, g, d in counted]
    expected = slow_figures([*pairs, (6, 1), (0.5, 1)])
    figures = evaluate(metric, (20, 20), pixels)
    assert figures == pytest.approx({k: expected[k] for k in PAPER}, rel=1e-9)

    metric = DepthProtocolMetric(
        crop=[3, 9, 4, 12], min_depth=0.5, max_depth=6, clamp=False
    )
    expected = slow_figures([*pairs, (30, 1), (F32(0.1), 1)])
    figures = evaluate(metric, (20, 20), pixels)
    assert figures == pytest.approx({k: expected[k] for k in PAPER}, rel=1e-9)


def test_custom_defaults_to_the_range_of_the_data():
    metric = DepthProtocolMetric()
    metric.dataset_meta = dict(max_depth=7.0)
    counted, others = range_pixels(0, 0, 1e-3, 7)
    pairs = [(F32(d), F32(g)) for *_, g, d in counted]
    expected = slow_figures([*pairs, (7, 1)])
    pixels = [*counted, *others, (1, 0, 1.0, 9.0)]
    figures = evaluate(metric, (2, 9), pixels)
    assert figures == pytest.approx({k: expected[k] for k in PAPER}, rel=1e-9)


def test_wrong_options():
    with pytest.raises(
        ValueError,
        match=r"no depth protocol 'nyu'. There are: nyu_eigen, .*, custom",
    ):
        DepthProtocolMetric('nyu')
    with pytest.raises(
        ValueError, match=r"max_depth, crop: fixed by protocol ddad.*='custom'"
    ):
        DepthProtocolMetric('ddad', max_depth=80, crop=(0, 1, 0, 1))
    with pytest.raises(ValueError, match=r'0\.001 < depth < None. Set max_d'):
        evaluate(DepthProtocolMetric(), (2, 2), [])
    with pytest.raises(ValueError, match=r'2\.0 < depth < 1.0'):
        DepthProtocolMetric(min_depth=2.0, max_depth=1.0)
    for options, message in (
        (dict(max_depth=0), 'max_depth is 0, wanted a finite number above 0'),
        (dict(max_depth=inf), 'max_depth is inf, wanted'),
        (dict(max_depth=float('nan')), 'max_depth is nan, wanted'),
        (dict(min_depth=-1), 'min_depth is -1, wanted .* of 0 or more'),
        (dict(min_depth=True), 'min_depth is True, wanted'),
        (dict(clamp=0), 'clamp=0: wanted True or False'),
    ):
        with pytest.raises(ValueError, match=message):
            DepthProtocolMetric(**{'max_depth': 9.0, **options})
    metric = DepthProtocolMetric()
    metric.dataset_meta = dict(max_depth=float('nan'))
    with pytest.raises(ValueError, match=r"metainfo\['max_depth'\] is nan"):
        evaluate(metric, (2, 2), [])
    for crop in (
        *((0, 0, 0, 5), (9, 3, 0, 5), (-1, 3, 0, 5), (0, 3), (), 4),
        (0, 2.5, 0, 5),
    ):
        with pytest.raises(ValueError, match=r'crop=.*top, bottom, left, ri'):
            DepthProtocolMetric(max_depth=1.0, crop=crop)


@pytest.mark.parametrize(
    ('protocol', 'message'),
    [
        ('nyu_eigen', 'nyu_eigen wants 480x640 maps .* got 375x1242: .*NYUC'),
        ('kitti_eigen_garg', 'kitti_eigen_garg wants 352x1216 .*KBCrop into'),
        ('kitti_eigen_eigen', 'kitti_eigen_eigen wants 352x1216 .*KBCrop'),
    ],
)
def test_wrong_map_size(protocol, message):
    with pytest.raises(ValueError, match=f'some/image.png: {message}'):
        evaluate(
            DepthProtocolMetric(protocol), (375, 1242), [], 'some/image.png'
        )
