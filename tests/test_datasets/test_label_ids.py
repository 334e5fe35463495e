"""Ids of files and of models, there and back."""

import numpy as np
import pytest
from mmseg.datasets.transforms import LoadAnnotations
from PIL import Image

from xnet_mm.datasets.label_ids import (
    describe_too_many,
    file_ids,
    loaded_ids,
)

CLASSES = ('a', 'b', 'c')


@pytest.mark.parametrize(
    ('meta', 'wanted'),
    [
        ({}, [0, 1, 2]),
        (dict(reduce_zero_label=False, label_map=None), [0, 1, 2]),
        (dict(reduce_zero_label=True), [1, 2, 3]),
        # a choice in another order, of a data set of five
        (dict(label_map={0: 255, 1: 2, 2: 0, 3: 255, 4: 1}), [2, 4, 1]),
        (dict(label_map={0: -1, 1: 2, 2: 0, 3: -1, 4: 1}), [2, 4, 1]),
        (
            dict(label_map={0: 2, 1: 255, 2: 0, 3: 1}, reduce_zero_label=True),
            [3, 4, 1],
        ),
        # several became one: the lowest
        (dict(label_map={4: 0, 1: 0, 2: 1, 3: 2}), [1, 2, 3]),
        # only ids to ignore
        (dict(label_map={100: 255}), [0, 1, 2]),
    ],
)
def test_ids_of_the_files(meta, wanted):
    ids = file_ids(dict(meta, classes=CLASSES))
    assert ids.dtype == np.uint8 and ids.tolist() == wanted


@pytest.mark.parametrize(
    ('num', 'reduce', 'dtype'),
    [
        (256, False, 'u1'),
        (255, True, 'u1'),
        (257, False, 'u2'),
        (256, True, 'u2'),
        (300, True, 'u2'),
    ],
)
def test_ids_are_as_wide_as_needed(num, reduce, dtype):
    ids = file_ids(dict(classes=range(num), reduce_zero_label=reduce))
    assert ids.dtype == dtype
    assert ids.tolist() == [*range(reduce, num + reduce)]


@pytest.mark.parametrize('reduce', [False, True])
@pytest.mark.parametrize('label_map', [None, {0: 255, 1: 5, 254: 3, 255: 7}])
def test_loaded_ids_are_mmsegs_for_all_of_8_bits(tmp_path, reduce, label_map):
    ids = np.arange(256, dtype=np.uint8).reshape(8, 32)
    Image.fromarray(ids).save(tmp_path / 'a.png')
    sample = dict(
        seg_map_path=str(tmp_path / 'a.png'),
        reduce_zero_label=reduce,
        label_map=label_map,
        seg_fields=[],
    )
    theirs = LoadAnnotations()(sample)['gt_seg_map']
    np.testing.assert_array_equal(loaded_ids(ids, reduce, label_map), theirs)


def test_wide_and_negative_ids_do_not_wrap():
    ids = np.array([-1, 0, 255, 256, 65535], np.int32)
    assert loaded_ids(ids).tolist() == ids.tolist()
    assert loaded_ids(ids, True).tolist() == [-2, 255, 255, 255, 65534]
    assert loaded_ids(ids, False, {-1: 255, 65535: 255}).tolist() == [
        *(255, 0, 255, 256, 255),
    ]


@pytest.mark.parametrize(
    ('num', 'reduce', 'text'),
    [
        (255, False, ''),
        (254, True, ''),
        (256, False, r'256 classes, .* at most 255 fit \(ids 0..254\)'),
        (255, True, r'255 classes, .* at most 254 fit \(ids 1..254\)'),
    ],
)
def test_classes_that_8_bits_hold(num, reduce, text):
    import re

    assert re.match(text, describe_too_many(num, reduce))
    assert bool(text) == bool(describe_too_many(num, reduce))
