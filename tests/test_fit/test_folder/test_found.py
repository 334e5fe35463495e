from pathlib import Path

from xnet_mm.fit.folder.found import DepthFound, LabelsFound, describe_sizes
from xnet_mm.fit.folder.terms import Pair

COMMON = dict(
    folder=Path('mine'),
    pairs=dict(train=(Pair('a', 'b'),) * 3, val=(Pair('c', 'd'),), test=()),
    split_made=True,
    split_why='made here',
    without_truth=2,
    sizes=(((36, 48), 0.75), ((10, 20), 0.25)),
)


def test_lines_of_labels():
    classes = tuple(f'c{i}' for i in range(12))
    found = LabelsFound(
        task='segmentation', classes=classes, names_from='x.txt', **COMMON
    )
    assert found.lines() == [
        'segmentation: 4 images with truth (3 train, 1 val)',
        'split: made here',
        'image size: 48x36 (width x height) in 75% of those looked at, 2 '
        'sizes',
        'labels: class ids, one channel',
        '12 classes (x.txt): c0, c1, c2, c3, c4, c5, c6, c7, ... c11',
        '2 images have no truth: left out',
    ]


def test_lines_of_depth():
    found = DepthFound(
        task='depth',
        format='16-bit PNG',
        depth_scale=256.0,
        scale_why='as KITTI',
        invalid_values=(65535.0,),
        depth_range=(1.234, 5, 60),
        valid_share=0.2,
        **COMMON,
    )
    assert found.lines()[3:6] == [
        'depth: 16-bit PNG, 256 units per metre (as KITTI; --depth-scale '
        'says otherwise)',
        'range: 1.23 to 60 m, median 5 m; 20% of the pixels have a depth',
        'no depth, beside 0 and NaN: 65535',
    ]


def test_never_more_than_ten():
    notes = tuple(f'note {i}' for i in range(9))
    found = DepthFound(
        task='depth', invalid_values=(1.0,), notes=notes, **COMMON
    )
    lines = found.lines()
    assert len(lines) == 10
    assert all(note in ' '.join(lines) for note in notes)


def test_one_size():
    assert describe_sizes((((36, 48), 1.0),)) == '48x36 (width x height)'
