"""Folders that cannot be used, each with one mistake."""

import tarfile
import zipfile

import cv2
import numpy as np
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


def write_scaled_depth(root, change):
    write_images(root)
    (root / 'depth').mkdir()
    for name, room in zip(NAMES, rooms(), strict=True):
        values = change(room[2])
        if values.dtype == np.uint16:
            cv2.imwrite(str(root / f'depth/{name}.png'), values)
        else:
            np.save(root / f'depth/{name}.npy', values)


def depth_of_unknown_unit(root):
    write_scaled_depth(root, lambda d: np.uint16(1e4 * d.clip(0, 6)))


def depth_of_centimetres(root):
    write_scaled_depth(root, lambda d: np.uint16(100 * d))


def normalised_depth(root):
    write_scaled_depth(root, lambda d: np.float32(d / d.max()))


def disparity(root):
    write_images(root)
    write_depth(root, 'disparity')


def no_depth_at_all(root):
    write_scaled_depth(root, lambda d: np.full(d.shape, np.nan, 'f4'))


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
