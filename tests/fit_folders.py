"""Generated rooms, written as people have their data."""

import json
from functools import cache

import cv2
import numpy as np
from PIL import Image

from xnet_mm.datasets.scenes.dataset import PALETTE
from xnet_mm.datasets.scenes.layout import CLASSES
from xnet_mm.datasets.scenes.renderer import render_scene
from xnet_mm.fit.folder.prepare import prepare
from xnet_mm.fit.folder.understand import understand

SIZE = (48, 36)  # (width, height)
NUMBER = 6
NAMES = [f'room_{i:02d}' for i in range(NUMBER)]


@cache
def rooms():
    """(image RGB, labels, depth in metres) of each room."""
    return [render_scene(0, i, SIZE) for i in range(NUMBER)]


def save(path, array, **kwargs):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(array)).save(path, **kwargs)


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    if not isinstance(content, str):
        content = json.dumps(content)
    path.write_text(content)


def write_images(root, folder='images', names=NAMES, suffix='.jpg'):
    for name, (image, _, _) in zip(names, rooms(), strict=False):
        save(root / folder / f'{name}{suffix}', image)


def write_labels(root, folder='masks', change=lambda ids: ids, end='.png'):
    for name, (_, ids, _) in zip(NAMES, rooms(), strict=True):
        save(root / folder / f'{name}{end}', change(ids))


def coloured(ids):
    return np.array(PALETTE, np.uint8)[ids]


def write_ids(root):
    write_images(root)
    write_labels(root)


def runs(mask):
    """The runs of a mask row by row: (row, first column, end)."""
    for row, line in enumerate(mask):
        steps = np.flatnonzero(np.diff(np.r_[0, line.astype(int), 0]))
        for first, end in zip(steps[::2], steps[1::2], strict=True):
            yield row, int(first), int(end)


def rectangles(mask):
    """Polygons that cover just the pixels of a mask."""
    return [
        [first, row, end, row, end, row + 1, first, row + 1]
        for row, first, end in runs(mask)
    ]


def column_runs(mask):
    """COCO's run lengths, counted one by one."""
    counts, value = [0], False
    for pixel in mask.T.ravel():
        if bool(pixel) != value:
            counts.append(0)
            value = bool(pixel)
        counts[-1] += 1
    return counts


def coco(split='', outline=None):
    """The JSON of the rooms, of a split: even or odd ones."""
    images, annotations = [], []
    for i, (_, ids, _) in enumerate(rooms()):
        if split and (split == 'val') != (i % 2 == 1):
            continue
        images.append(
            dict(
                id=10 + i,
                file_name=f'{NAMES[i]}.jpg',
                width=SIZE[0],
                height=SIZE[1],
            )
        )
        for number in np.unique(ids).tolist():
            mask = ids == number
            shape = rectangles(mask)
            if outline == 'runs' or (outline == 'mixed' and number % 2):
                shape = dict(counts=column_runs(mask), size=[*mask.shape])
            annotations.append(
                dict(
                    id=len(annotations),
                    image_id=10 + i,
                    category_id=100 + number,
                    segmentation=shape,
                    iscrowd=0,
                )
            )
    categories = [
        dict(id=100 + i, name=name) for i, name in enumerate(CLASSES)
    ]
    return dict(images=images, annotations=annotations, categories=categories)


def yolo(ids):
    """Lines of the polygons of a label map."""
    scale = np.tile(SIZE, 4)
    return ''.join(
        f'{number} '
        + ' '.join(f'{v:.7f}' for v in np.array(points) / scale)
        + '\n'
        for number in np.unique(ids).tolist()
        for points in rectangles(ids == number)
    )


def write_depth(root, folder='depth', kind='mm'):
    """Depth of the rooms in a format; metres that come back."""
    for name, (_, _, depth) in zip(NAMES, rooms(), strict=True):
        path = root / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == 'npy':
            np.save(path.with_suffix('.npy'), depth.astype(np.float32))
        elif kind == 'npz':
            np.savez(path.with_suffix('.npz'), depth=depth.astype(np.float32))
        elif kind == 'float tiff':
            cv2.imwrite(str(path) + '.tiff', depth.astype(np.float32))
        else:
            scale, suffix = {
                'mm': (1000, '.png'),
                'tiff mm': (1000, '.tif'),
                '256': (256, '.png'),
            }[kind]
            cv2.imwrite(
                str(path) + suffix, np.rint(depth * scale).astype(np.uint16)
            )


def read_back(settings):
    """Name of the image -> label map or depth that training reads."""
    from xnet_mm.registry import DATASETS, TRANSFORMS

    dataset = DATASETS.build(dict(settings, pipeline=[]))
    depth = settings['type'] == 'xnet_mm.DepthDataset'
    steps = [
        TRANSFORMS.build(dict(type=name))
        for name in (
            'xnet_mm.LoadImage',
            'xnet_mm.LoadDepth' if depth else 'xnet_mm.LoadLabels',
        )
    ]
    found = {}
    for i in range(len(dataset)):
        sample = dataset.get_data_info(i)
        for step in steps:
            sample = step(sample)
        key = 'gt_depth_map' if depth else 'gt_seg_map'
        found[sample['img_path'].rpartition('/')[2]] = sample[key]
    return found


def read_all(prepared):
    """The same of all splits, names without suffix."""
    found = {}
    for settings in (prepared.train, prepared.val, prepared.test):
        if settings:
            found |= read_back(settings)
    return {name.rpartition('.')[0]: value for name, value in found.items()}


def both(root, out, **options):
    found = understand(root, **options)
    lines = found.lines()
    assert len(lines) <= 10
    assert all(line and '\n' not in line for line in lines)
    return found, prepare(found, out)


def check_labels(prepared, expect, count=NUMBER):
    """Every label map is that of its room; `expect` makes it of ids."""
    read = read_all(prepared)
    assert len(read) == count
    for name, (_, ids, _) in zip(NAMES, rooms(), strict=True):
        matching = [k for k in read if k.startswith(name)]
        if count == NUMBER:
            assert len(matching) == 1
        for key in matching:
            np.testing.assert_array_equal(read[key], expect(ids))


def dense(ids):
    """Ids that occur in any room, numbered anew."""
    used = np.unique([room[1] for room in rooms()])
    return np.searchsorted(used, ids)
