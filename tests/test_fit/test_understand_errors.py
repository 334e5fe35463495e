"""Folders that cannot be used: one sentence with the fix, nothing written."""

import os
import tarfile
import zipfile

import cv2
import numpy as np
import pytest
from fit_folders import (
    NAMES,
    coco,
    coloured,
    rooms,
    save,
    write,
    write_depth,
    write_ids,
    write_images,
    write_labels,
)

from xnet_mm.datasets.scenes.layout import CLASSES
from xnet_mm.fit.found import FolderError
from xnet_mm.fit.prepare import prepare
from xnet_mm.fit.understand import understand


def nothing(root):
    root.mkdir()


def a_file(root):
    root.write_text('x')


def a_zip(root):
    with zipfile.ZipFile(root, 'w') as archive:
        archive.writestr('a.txt', 'x')


def a_tar(root):
    with tarfile.open(root, 'w') as archive:
        archive.add(__file__, 'a')


def only_junk(root):
    write(root / '.DS_Store', 'x')
    write(root / '__MACOSX/a.png', 'x')


def only_texts(root):
    write(root / 'notes.txt', 'x')


def only_images(root):
    write_images(root)


def other_names(root):
    write_images(root)
    write_images(root, 'masks', [f'other{i}x' for i in range(6)], '.png')


def other_size(root):
    write_ids(root)
    save(root / 'masks/room_03.png', rooms()[3][1][:-1])


def turned_photo(root):
    write_ids(root)
    exif = cv2.imencode('.jpg', rooms()[2][0])[1].tobytes()
    turned = (
        b'\xff\xe1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0'
        b'\0\0\x06\0\0\0\0\0\0\0'
    )
    path = root / 'images/room_02.jpg'
    path.write_bytes(exif[:2] + turned + exif[2:])


def broken_image(root):
    write_ids(root)
    path = root / 'images/room_04.jpg'
    path.write_bytes(path.read_bytes()[:300])


def broken_mask(root):
    write_ids(root)
    path = root / 'masks/room_01.png'
    path.write_bytes(path.read_bytes()[:60])


def one_class(root):
    write_images(root)
    write_labels(root, change=lambda ids: 0 * ids)


def too_few(root):
    write_ids(root)
    for name in NAMES[2:]:
        (root / f'images/{name}.jpg').unlink()


def photos_as_masks(root):
    write_images(root)
    noise = np.random.default_rng(0)
    write_labels(
        root,
        change=lambda ids: noise.integers(
            256, size=(*ids.shape, 3), dtype=np.uint8
        ),
    )


def grey_photos_as_masks(root):
    write_images(root)
    noise = np.random.default_rng(0)
    write_labels(
        root,
        change=lambda ids: noise.integers(256, size=ids.shape, dtype=np.uint8),
    )


def colours_in_jpeg(root):
    write_images(root)
    write_labels(root, change=coloured, end='.jpg')


def ids_in_jpeg(root):
    write_images(root)
    write_labels(root, end='.jpg')


def float_masks(root):
    write_images(root)
    write_labels(root, change=lambda ids: ids.astype(np.float32), end='.tiff')


def ids_beyond_names(root):
    write_ids(root)
    write(root / 'classes.txt', '\n'.join(CLASSES[:4]))


def colours_beyond_names(root):
    write_images(root)
    write_labels(root, change=coloured)
    write(root / 'class_dict.csv', 'name,r,g,b\na,140,110,80\nb,1,2,3\n')


def names_twice(root):
    write_ids(root)
    write(root / 'classes.txt', 'a\nb\na\n')


def two_mask_folders(root):
    write_ids(root)
    write_labels(root, 'labels')


def two_images_of_a_name(root):
    write_ids(root)
    write_images(root, suffix='.png')


def broken_json(root):
    write_images(root)
    write(root / 'annotations/instances_train.json', '{"images": [')


def coco_without_images(root):
    write_images(root, names=[f'other{i}' for i in range(6)])
    write(root / '_annotations.coco.json', coco())


def coco_traversal(root):
    write_images(root)
    data = coco()
    data['images'][0]['file_name'] = '../../etc/x.jpg'
    write(root / '_annotations.coco.json', data)


def coco_absolute(root):
    write_images(root)
    data = coco()
    data['images'][0]['file_name'] = '/etc/x.jpg'
    write(root / '_annotations.coco.json', data)


def coco_boxes(root):
    write_images(root)
    data = coco()
    for annotation in data['annotations']:
        annotation['segmentation'] = []
    write(root / '_annotations.coco.json', data)


def coco_unknown_category(root):
    write_images(root)
    data = coco()
    data['annotations'][5]['category_id'] = 7
    write(root / '_annotations.coco.json', data)


def coco_short_runs(root):
    write_images(root)
    data = coco(outline='runs')
    data['annotations'][0]['segmentation']['counts'][-1] += 1
    write(root / '_annotations.coco.json', data)


def coco_odd_shape(root):
    write_images(root)
    write(
        root / '_annotations.coco.json',
        dict(images=[{}], annotations=[], categories=[]),
    )


def coco_of_other_size(root):
    write_images(root)
    data = coco()
    data['images'][0]['width'] = 640
    write(root / '_annotations.coco.json', data)


def yolo_boxes(root):
    write_images(root)
    for name in NAMES:
        write(root / f'labels/{name}.txt', '0 0.5 0.5 0.2 0.2\n')


def yolo_pixels(root):
    write_images(root)
    for name in NAMES:
        write(root / f'labels/{name}.txt', '0 5 5 20 5 20 20\n')


def yolo_beyond_names(root):
    write_images(root)
    for name in NAMES:
        write(root / f'labels/{name}.txt', '3 0.1 0.1 0.9 0.1 0.9 0.9\n')
    write(root / 'data.yaml', 'names: [a, b]\n')


def depth_of_8_bits(root):
    write_images(root)
    for name, room in zip(NAMES, rooms(), strict=True):
        save(root / f'depth/{name}.png', np.uint8(20 * room[2]))


def depth_in_colours(root):
    write_images(root)
    for name, room in zip(NAMES, rooms(), strict=True):
        save(root / f'depth/{name}.png', room[0])


def depth_of_unknown_unit(root):
    write_images(root)
    for name, room in zip(NAMES, rooms(), strict=True):
        path = root / f'depth/{name}.png'
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), np.uint16(1e4 * room[2].clip(0, 6)))


def depth_of_centimetres(root):
    write_images(root)
    for name, room in zip(NAMES, rooms(), strict=True):
        path = root / f'depth/{name}.png'
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), np.uint16(100 * room[2]))


def normalised_depth(root):
    write_images(root)
    for name, room in zip(NAMES, rooms(), strict=True):
        path = root / f'depth/{name}.npy'
        path.parent.mkdir(exist_ok=True)
        np.save(path, (room[2] / room[2].max()).astype(np.float32))


def disparity(root):
    write_images(root)
    write_depth(root, 'disparity')


def no_depth_at_all(root):
    write_images(root)
    for name in NAMES:
        path = root / f'depth/{name}.npy'
        path.parent.mkdir(exist_ok=True)
        np.save(path, np.full((36, 48), np.nan, np.float32))


def list_of_others(root):
    write_ids(root)
    write(root / 'train.txt', 'room_00\nroom_77\n')


def empty_list(root):
    write_ids(root)
    write(root / 'train.txt', '\n')


def listed_twice(root):
    write_ids(root)
    write(root / 'train.txt', '\n'.join(NAMES[:4]))
    write(root / 'val.txt', '\n'.join(NAMES[3:]))


@pytest.mark.parametrize(
    ('make', 'text'),
    [
        (lambda root: None, 'no such folder .* check the path'),
        (nothing, 'no file in it; wanted images and their masks'),
        (only_junk, 'no file in it'),
        (a_file, 'a file, wanted a folder .* give the folder'),
        (a_zip, 'an archive; unpack it'),
        (a_tar, 'an archive; unpack it'),
        (only_texts, 'no image among its 1 files .1 .txt.; put images'),
        (only_images, '6 images and no truth for them; put masks'),
        (
            other_names,
            'no image has a mask of its name: the first image is images/'
            'room_00.jpg, the first mask masks/other0x.png; call them alike',
        ),
        (other_size, 'room_03.png: 48x35 pixels, but .* has 48x36'),
        (turned_photo, 'room_02.jpg has 36x48 .* save it upright'),
        (broken_image, 'room_04.jpg: unreadable image .* Copy it again'),
        (broken_mask, 'room_01.png: unreadable'),
        (one_class, 'all label maps say the same .class 0.* two classes'),
        (too_few, r'only 2 image\(s\) with truth; give at least 3'),
        (photos_as_masks, 'colours in 6 files: photos .* one flat colour'),
        (grey_photos_as_masks, 'different values a file.* photos'),
        (colours_in_jpeg, 'colours in a JPEG.* save the original masks as P'),
        (ids_in_jpeg, 'a JPEG, which alters ids .* as PNG'),
        (float_masks, 'float values; .* Save ids as 8-bit PNG'),
        (ids_beyond_names, r'label id 4.* but classes.txt names 4 classes'),
        (colours_beyond_names, r'class_dict.csv does not name, \d+% of the'),
        (names_twice, "classes.txt: the name 'a' comes twice"),
        (two_mask_folders, 'labels/room_00.png and masks/room_00.png: both'),
        (two_images_of_a_name, 'two images of one name'),
        (broken_json, 'instances_train.json: no JSON .* export it again'),
        (coco_without_images, r'none of its 6 images is .*room_00.jpg\)'),
        (coco_traversal, "file_name '../../etc/x.jpg' leads out of the fold"),
        (coco_absolute, "file_name '/etc/x.jpg' leads out of the folder"),
        (coco_boxes, r'boxes without outlines \(\d+ annotations\)'),
        (coco_unknown_category, 'annotation 5 has the category 7, which'),
        (coco_short_runs, 'annotation 0: run lengths that do not cover'),
        (coco_odd_shape, "not as in COCO .KeyError: 'id'"),
        (coco_of_other_size, '640x36 pixels in the JSON, but the file has'),
        (yolo_boxes, 'room_00.txt: boxes .* export polygons'),
        (yolo_pixels, 'line 1: coordinates of 5 to 20; .* divide by the im'),
        (yolo_beyond_names, 'class 3, but data.yaml names 2 classes'),
        (depth_of_8_bits, '8-bit depth .* Give the original file'),
        (depth_in_colours, 'is it a picture or a coloured depth map'),
        (depth_of_unknown_unit, r'as millimetres up to .* --depth-scale'),
        (depth_of_centimetres, r'\(median .* --depth-scale \(1000: mill'),
        (normalised_depth, 'scaled to 0..1; say the file units .*--depth-s'),
        (disparity, 'disparity or inverse depth, .* wanted depth'),
        (no_depth_at_all, 'no depth above 0'),
        (list_of_others, 'train.txt: it names room_77, but there is no such'),
        (empty_list, 'train.txt: an empty list'),
        (listed_twice, 'room_03.jpg is in the lists of train and of val'),
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
