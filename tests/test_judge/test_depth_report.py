"""What people are told."""

from dataclasses import replace
from math import nan
from pathlib import Path

from judged import named

from xnet_mm.evaluation.depth_alignment import AlignedFigures, Fit
from xnet_mm.evaluation.depth_metric import ImageFigures
from xnet_mm.judge.depth_files import Units
from xnet_mm.judge.depth_judge import DepthFigures, DepthSetting, DepthVerdict
from xnet_mm.judge.depth_report import (
    depth_rows,
    depth_table,
    describe_depth,
    shown,
    warn_of_depth,
)
from xnet_mm.judge.pairs import Pair

PROTOCOL = replace(named('nyu_eigen'), keys=('abs_rel', 'd1'))
SETTING = DepthSetting(PROTOCOL, Units(), Units(256.0))
FIGURES = DepthFigures(
    images=2,
    metric=dict(abs_rel=0.123456, d1=0.9),
    aligned=dict(
        median=dict(abs_rel=0.1, d1=0.91),
        scale_shift=dict(abs_rel=0.09, d1=0.92),
        scale_shift_disparity=dict(abs_rel=nan, d1=nan),
    ),
    aligned_images=dict(median=1, scale_shift=2, scale_shift_disparity=2),
    boundary=dict(
        boundary_precision=0.5, boundary_recall=0.25, boundary_f1=nan
    ),
    boundary_images=1,
    ratio=1.2,
    mirrored=0,
    not_positive=(0, 0),
)
GOOD = DepthVerdict(
    Pair('a', Path('p/a.npy'), Path('t/a.png')),
    ('11', '22'),
    ImageFigures('p/a.npy', '4x5', 7, (0.1, 0.9)),
    dict(
        median=AlignedFigures(Fit(nan, 0.0), ()),
        scale_shift=AlignedFigures(Fit(2.0, -0.5), (0.05, 0.95)),
        scale_shift_disparity=AlignedFigures(Fit(3.0, 0.0), (0.06, 0.96)),
    ),
    1,
    (0.5, 0.25, 0.4),
    (1.5, 4.0),
    ('truth cut to the KB crop',),
)
OUT = DepthVerdict(
    Pair('b', Path('p/b.npy'), None),
    ('33', ''),
    ImageFigures('p/b.npy', '4x5', left_out='no ground truth'),
)


def test_table():
    lines = [
        [cell.strip() for cell in line.split('|')[1:-1]]
        for line in str(depth_table(FIGURES)).splitlines()
        if line.startswith('|')
    ]
    assert lines == [
        ['', 'metric', 'median-aligned', 'scale-shift', 'scale-shift (1/d)'],
        ['abs_rel', '0.1235', '0.1000', '0.0900', '-'],
        ['d1', '0.9000', '0.9100', '0.9200', '-'],
        ['boundary_precision', '0.5000', '0.5000', '', ''],
        ['boundary_recall', '0.2500', '0.2500', '', ''],
        ['boundary_f1', '-', '-', '', ''],
    ]
    assert shown(nan) == '-' and shown(1 / 3) == '0.3333'


def test_lines():
    text = '\n'.join(describe_depth(SETTING, [GOOD, OUT], FIGURES))
    for part in (
        'Depth by protocol nyu_eigen (NYU-Depth-V2, Eigen split and crop)',
        'then clamped to 0.001..10 m:\n  median-aligned: times median(truth)',
        '\n  scale-shift (1/d): the same in disparity, 1/d, as MiDaS has it',
        'predictions: floats are metres, integers 1000 units per metre',
        'truth: 256 file units per metre',
        'truth cut to the KB crop: 1 images',
        'counted: 1 images, 7 pixels, maps of 4x5 (1)',
        'left out: 1, no ground truth (first p/b.npy)',
        'median-aligned: 1 of 2 images have no such alignment (a median of',
        'boundaries: 1 of 1 images have jumps in the truth',
    ):
        assert part in text


def test_nothing_to_warn_of():
    assert warn_of_depth(SETTING, FIGURES) == []
    assert warn_of_depth(SETTING, replace(FIGURES, ratio=nan)) == []


def test_warnings():
    odd = replace(FIGURES, ratio=3.9, mirrored=2, not_positive=(9, 1))
    scale, zeros, mirrored = warn_of_depth(SETTING, odd)
    assert scale.startswith('the truth is 3.9 times as far as the predictions')
    assert '--prediction-scale' in scale
    assert zeros == (
        '0 or less is predicted for 9 pixels that count, in 1 images. They '
        'are clamped to 0.001 m, so a hole counts as a wrong depth'
    )
    assert mirrored.startswith(
        'the least squares turn near and far round in 2 of 2 images: are the'
    )


def test_disparities_have_no_metric_figures():
    setting = replace(SETTING, predictions=Units(space='disparity'))
    nothing = dict.fromkeys(PROTOCOL.keys, nan)
    figures = replace(
        FIGURES,
        metric=nothing,
        aligned=FIGURES.aligned
        | dict(
            scale_shift=nothing,
            scale_shift_disparity=dict(abs_rel=0.2, d1=0.8),
        ),
        aligned_images=dict(median=2, scale_shift=0, scale_shift_disparity=2),
        ratio=300.0,
        mirrored=1,
    )
    lines = [
        [cell.strip() for cell in line.split('|')[2:-1]]
        for line in str(depth_table(figures)).splitlines()[3:-1]
    ]
    assert lines == [
        ['-', '0.1000', '-', '0.2000'],
        ['-', '0.9100', '-', '0.8000'],
        ['', '', '', '0.5000'],
        ['', '', '', '0.2500'],
        ['', '', '', '-'],
    ]
    text = '\n'.join(describe_depth(setting, [GOOD, OUT], figures))
    assert 'predictions: disparities, 1/d up to an unknown scale' in text
    assert 'no such alignment' not in text
    (mirrored,) = warn_of_depth(setting, figures)
    assert mirrored.endswith(
        'in 1 of 2 images: are the files depths? The figures are those of '
        'disparities; --prediction-space depth gives the others'
    )
    good, _ = depth_rows(setting, [GOOD, OUT])
    assert good['abs_rel'] is None and good['scale_shift_d1'] == 0.95


def test_rows():
    good, out = depth_rows(SETTING, [GOOD, OUT])
    assert [*good] == [*out]
    assert good['name'] == 'a' and good['truth'] == 't/a.png'
    assert (good['abs_rel'], good['d1']) == (0.1, 0.9)
    assert good['median_abs_rel'] is None
    assert good['scale_shift_d1'] == 0.95
    assert good['scale_shift_by_scale'] == 2.0
    assert good['scale_shift_by_shift'] == -0.5
    assert good['boundary_f1'] == 0.4 and good['not_positive'] == 1
    assert (good['dbe_accuracy'], good['dbe_completeness']) == (1.5, 4.0)
    assert out['left_out'] == 'no ground truth' and out['truth'] == ''
    assert out['abs_rel'] is None and out['boundary_f1'] is None
    assert out['dbe_accuracy'] is None
