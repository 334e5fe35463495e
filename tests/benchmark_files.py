"""Files of the depth benchmarks: written small, or real and linked."""

import cv2
import numpy as np
from depth_pairs import PIPELINE
from mmseg.registry import DATASETS
from PIL import Image
from real_data import REAL

FORMATS = REAL / 'formats'


def save_image(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new('RGB', (6, 4)).save(path)


def save_depth(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == '.npz':
        np.savez(path, depth=np.full((4, 6), value, np.float32))
    else:
        Image.fromarray(np.full((4, 6), value, np.uint16)).save(path)


def write_list(path, lines):
    path.write_text(''.join(f'{line}\n' for line in lines))


def paths(dataset, root):
    """(image, depth) of each sample, seen from the root."""
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    cut = len(str(root)) + 1
    return [
        (
            i['img_path'][cut:],
            i['depth_map_path'] and i['depth_map_path'][cut:],
        )
        for i in infos
    ]


def link(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(source)
    return target


def units(path):
    """The file's 16-bit values, by Pillow."""
    with Image.open(path) as image:
        assert image.mode == 'I;16'
        return np.array(image).astype(np.int64)


def build(root, kind, lines=None, **kwargs):
    """A data set of the class `kind`, with a split file of `lines`."""
    if lines:
        (root / 'split.txt').write_text('\n'.join(lines))
        kwargs['ann_file'] = 'split.txt'
    return DATASETS.build(
        dict(
            type=f'xnet_mm.{kind}',
            data_root=str(root),
            pipeline=PIPELINE,
            **kwargs,
        )
    )


def check_sample(sample, image_path, metres):
    """The whole image and the whole depth map."""
    image = cv2.imread(str(image_path))
    assert np.array_equal(sample['inputs'].numpy(), image.transpose(2, 0, 1))
    depth = sample['data_samples'].gt_depth_map.data.numpy()
    assert depth.dtype == np.float32
    np.testing.assert_array_equal(depth, metres[None].astype(np.float32))
    return depth[0]
