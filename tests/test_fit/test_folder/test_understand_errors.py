"""Folders that cannot be used: one sentence with the fix, nothing written."""

import os

import fit_mistakes as mistakes
import pytest
from fit_folders import NAMES, write_ids

from xnet_mm.fit.folder.found import FolderError
from xnet_mm.fit.folder.prepare import prepare
from xnet_mm.fit.folder.understand import understand


@pytest.mark.parametrize(
    ('make', 'text'),
    [
        (lambda root: None, 'no such folder .* check the path'),
        (mistakes.nothing, 'no file in it; wanted images and their masks'),
        (mistakes.only_junk, 'no file in it'),
        (mistakes.a_file, 'a file, wanted a folder .* give the folder'),
        (mistakes.a_zip, 'an archive; unpack it'),
        (mistakes.a_tar, 'an archive; unpack it'),
        (
            mistakes.only_texts,
            'no image among its 1 files .1 .txt.; put images',
        ),
        (mistakes.only_images, '6 images and no truth for them; put masks'),
        (
            mistakes.other_names,
            'no image has a mask of its name: the first image is images/'
            'room_00.jpg, the first mask masks/other0x.png; call them alike',
        ),
        (mistakes.other_size, 'room_03.png: 48x35 pixels, but .* has 48x36'),
        (mistakes.turned_photo, 'room_02.jpg has 36x48 .* save it upright'),
        (
            mistakes.broken_image,
            'room_04.jpg: unreadable image .* Copy it again',
        ),
        (mistakes.broken_mask, 'room_01.png: unreadable'),
        (
            mistakes.one_class,
            'all label maps say the same .class 0.* two classes',
        ),
        (mistakes.too_few, r'only 2 image\(s\) with truth; give at least 3'),
        (
            mistakes.photos_as_masks,
            'colours in 6 files: photos .* one flat colour',
        ),
        (mistakes.grey_photos_as_masks, 'different values a file.* photos'),
        (
            mistakes.colours_in_jpeg,
            'colours in a JPEG.* save the original masks as P',
        ),
        (mistakes.ids_in_jpeg, 'a JPEG, which alters ids .* as PNG'),
        (mistakes.float_masks, 'float values; .* Save ids as 8-bit PNG'),
        (
            mistakes.ids_beyond_names,
            r'label id 4.* but classes.txt names 4 classes',
        ),
        (
            mistakes.colours_beyond_names,
            r'class_dict.csv does not name, \d+% of the',
        ),
        (mistakes.names_twice, "classes.txt: the name 'a' comes twice"),
        (
            mistakes.two_mask_folders,
            'labels/room_00.png and masks/room_00.png: both',
        ),
        (mistakes.two_images_of_a_name, 'two images of one name'),
        (
            mistakes.broken_json,
            'instances_train.json: no JSON .* export it again',
        ),
        (
            mistakes.coco_without_images,
            r'none of its 6 images is .*room_00.jpg\)',
        ),
        (
            mistakes.coco_traversal,
            "file_name '../../etc/x.jpg' leads out of the fold",
        ),
        (
            mistakes.coco_absolute,
            "file_name '/etc/x.jpg' leads out of the folder",
        ),
        (mistakes.coco_boxes, r'boxes without outlines \(\d+ annotations\)'),
        (
            mistakes.coco_unknown_category,
            'annotation 5 has the category 7, which',
        ),
        (
            mistakes.coco_short_runs,
            'annotation 0: run lengths that do not cover',
        ),
        (mistakes.coco_odd_shape, "not as in COCO .KeyError: 'id'"),
        (
            mistakes.coco_of_other_size,
            '640x36 pixels in the JSON, but the file has',
        ),
        (mistakes.yolo_boxes, 'room_00.txt: boxes .* export polygons'),
        (
            mistakes.yolo_pixels,
            'line 1: coordinates of 5 to 20; .* divide by the im',
        ),
        (mistakes.yolo_beyond_names, 'class 3, but data.yaml names 2 classes'),
        (mistakes.depth_of_8_bits, '8-bit depth .* Give the original file'),
        (mistakes.depth_in_colours, 'is it a picture or a coloured depth map'),
        (
            mistakes.depth_of_unknown_unit,
            r'as millimetres up to .* --depth-scale',
        ),
        (
            mistakes.depth_of_centimetres,
            r'\(median .* --depth-scale \(1000: mill',
        ),
        (
            mistakes.normalised_depth,
            'scaled to 0..1; say the file units .*--depth-s',
        ),
        (mistakes.disparity, 'disparity or inverse depth, .* wanted depth'),
        (mistakes.no_depth_at_all, 'no depth above 0'),
        (
            mistakes.list_of_others,
            'train.txt: it names room_77, but there is no such',
        ),
        (mistakes.empty_list, 'train.txt: an empty list'),
        (
            mistakes.listed_twice,
            'room_03.jpg is in the lists of train and of val',
        ),
    ],
)
def test_one_sentence_with_the_fix(tmp_path, make, text):
    root = tmp_path / 'mine'
    make(root)
    before = sorted(tmp_path.rglob('*'))
    with pytest.raises(FolderError, match=text) as raised:
        prepare(understand(root), tmp_path / 'out')
    assert '\n' not in str(raised.value)
    assert len(str(raised.value)) < 420
    assert sorted({*tmp_path.rglob('*')} - {tmp_path / 'out'}) == before


def test_a_link_in_a_circle(tmp_path):
    write_ids(tmp_path)
    os.symlink(tmp_path, tmp_path / 'images/again')
    found = understand(tmp_path)
    assert sum(map(len, found.pairs.values())) == len(NAMES)


def test_a_task_that_is_not_there(tmp_path):
    write_ids(tmp_path)
    with pytest.raises(FolderError, match='no truth for depth, but for segm'):
        understand(tmp_path, task='depth')
