"""Shares of the training images."""

from fractions import Fraction
from pathlib import Path

import pytest
import tiny
from mmengine.config import Config

from xnet_mm.ablation.labels import (
    count_images,
    label_folder,
    label_options,
    spread_indices,
)


@pytest.mark.parametrize(
    ('fraction', 'wanted'),
    [
        ('1/8', [0, 8]),
        ('1/4', [0, 4, 8]),
        ('1/2', [0, 2, 4, 6, 8]),
        ('3/4', [0, 1, 2, 4, 5, 6, 8, 9]),
        ('1', [*range(10)]),
        ('1/100', [0]),
    ],
)
def test_spread_evenly(fraction, wanted):
    assert spread_indices(10, Fraction(fraction)) == wanted


def test_smaller_shares_lie_in_larger_ones():
    shares = [{*spread_indices(367, Fraction(1, n))} for n in (8, 4, 2, 1)]
    assert [len(s) for s in shares] == [46, 92, 184, 367]
    assert shares[0] < shares[1] < shares[2] < shares[3]


def test_all_labels_are_the_runs_of_the_ablation_itself():
    assert label_options(Fraction(1), 10) == []
    assert label_folder(Path('w'), Fraction(1)) == Path('w')
    assert label_options(Fraction(1, 4), 10) == [
        'train_dataloader.dataset.indices=[0,4,8]'
    ]
    assert label_folder(Path('w'), Fraction(1, 4)) == Path('w/labels-1-of-4')


def config(root, **extra):
    return Config(
        dict(
            train_dataloader=dict(
                dataset=dict(
                    type='xnet_mm.FolderSegDataset',
                    data_root=str(root),
                    img_suffix='.png',
                    data_prefix=dict(img_path='images', seg_map_path='labels'),
                    metainfo=dict(classes=('a', 'b', 'c')),
                    pipeline=[dict(type='LoadImageFromFile')],
                    **extra,
                )
            )
        )
    )


def test_images_are_counted(tmp_path):
    root = tiny.write_tiny_seg(tmp_path / 'seg', num=5)
    other = tiny.write_tiny_seg(tmp_path / 'other', num=3)
    same = {'a.py': config(root), 'b.py': config(root)}
    assert count_images(same.items()) == 5
    two = {'a.py': config(root), 'b.py': config(other)}
    with pytest.raises(SystemExit, match=r"different numbers of images: .*'b"):
        count_images(two.items())
    with pytest.raises(SystemExit, match='indices is set already'):
        count_images([('a.py', config(root, indices=[1]))])
    wrapped = config(root)
    wrapped.train_dataloader.dataset = dict(
        type='RepeatDataset', dataset=wrapped.train_dataloader.dataset
    )
    with pytest.raises(SystemExit, match='RepeatDataset wraps another one'):
        count_images([('a.py', wrapped)])
