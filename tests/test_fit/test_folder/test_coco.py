import json

import numpy as np
import pytest
from fit_folders import NAMES, SIZE, coco, rooms, write, write_images

from xnet_mm.fit.folder.coco import CocoTruth, find_coco, pair_coco, read_coco
from xnet_mm.fit.folder.files import list_files
from xnet_mm.fit.folder.terms import FolderError, Pair

HERE = SIZE[::-1]


def open_all(root, data):
    write(root / 'annotations/instances_val.json', data)
    files = list_files(root)
    return find_coco(root, files), files


def one_image(annotations, categories=((1, 'a'), (2, 'b'))):
    return dict(
        images=[dict(id=0, file_name='x.jpg', width=SIZE[0], height=SIZE[1])],
        annotations=[
            dict(id=i, image_id=0, **one) for i, one in enumerate(annotations)
        ],
        categories=[dict(id=i, name=name) for i, name in categories],
    )


def square(left, top, side):
    right, bottom = left + side, top + side
    return [[left, top, right, top, right, bottom, left, bottom]]


def label_map(tmp_path, data):
    found, _ = open_all(tmp_path, data)
    truth = CocoTruth(tmp_path, found)
    return truth, truth.read(Pair('x.jpg', found[0].path, 0), HERE).values


def test_smaller_on_top_boxes_ignored_and_crowds_like_others(tmp_path):
    runs = dict(counts=[36 * 40, 36 * 8], size=[*HERE])
    truth, labels = label_map(
        tmp_path,
        one_image(
            [
                dict(category_id=2, segmentation=square(4, 4, 3)),
                dict(category_id=1, segmentation=square(2, 2, 10)),
                dict(category_id=1, segmentation=runs, iscrowd=1),
                dict(category_id=1, segmentation=[], bbox=[20, 20, 5, 5]),
            ]
        ),
    )
    wanted = np.zeros(HERE, int)
    wanted[:, 40:] = wanted[2:12, 2:12] = 1
    wanted[20:25, 20:25], wanted[4:7, 4:7] = 255, 2
    np.testing.assert_array_equal(labels, wanted)
    assert truth.names == ('background', 'a', 'b')


def test_a_background_of_its_own_and_unused_categories(tmp_path):
    categories = ((0, 'things'), (3, 'Background'), (9, 'b'))
    truth, labels = label_map(
        tmp_path,
        one_image(
            [
                dict(category_id=9, segmentation=square(2, 2, 10)),
                dict(category_id=3, segmentation=square(4, 4, 3)),
            ],
            categories,
        ),
    )
    assert truth.names == ('background', 'b')
    assert (labels == 1).sum() == 91


def test_pairs_of_a_split(tmp_path):
    for split in ('train', 'val'):  # the same names in both
        write_images(tmp_path, f'images/{split}2017')
    found, files = open_all(tmp_path, coco())
    images = [f for f in files if f.is_picture]
    pairs, splits, notes = pair_coco(tmp_path, found, images)
    path = 'annotations/instances_val.json'
    assert pairs[0] == Pair('images/val2017/room_00.jpg', path, 10)
    assert {*splits} == {'val'} and notes == ()
    truth = CocoTruth(tmp_path, read_coco(tmp_path, [path]))
    ids = rooms()[0][1]
    labels = truth.read(pairs[0], HERE).values
    used = np.unique([room[1] for room in rooms()])
    np.testing.assert_array_equal(labels, np.searchsorted(used, ids) + 1)


def test_some_images_are_not_there(tmp_path):
    write_images(tmp_path, names=NAMES[:4])
    found, files = open_all(tmp_path, coco())
    pairs, _, notes = pair_coco(tmp_path, found, files)
    assert len(pairs) == 4
    assert notes[0].startswith('2 of 6 images of annotations/instances_val')


def test_instances_go_before_other_files(tmp_path):
    for name in ('captions_val', 'labels', 'camera'):
        write(tmp_path / f'annotations/{name}.json', dict(images=[]))
    found, _ = open_all(tmp_path, coco())
    assert [one.path for one in found] == ['annotations/instances_val.json']


def test_a_category_of_two_names(tmp_path):
    shape = dict(category_id=1, segmentation=square(2, 2, 4))
    write(tmp_path / 'instances_b.json', one_image([shape], ((1, 'z'),)))
    found, _ = open_all(tmp_path, one_image([shape]))
    with pytest.raises(FolderError, match="category 1 is 'z' here and 'a' in"):
        CocoTruth(tmp_path, found)


def test_nothing_of_coco(tmp_path):
    write(tmp_path / 'poses.json', json.dumps([1, 2]))
    write(tmp_path / 'x.json', '{')
    assert find_coco(tmp_path, list_files(tmp_path)) == []
