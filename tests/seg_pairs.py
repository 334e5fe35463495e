"""Two small pairs of image and label map, and the data set of them."""

import numpy as np
from PIL import Image

from xnet_mm.datasets import FolderSegDataset

CLASSES = ('road', 'grass', 'other')


def save(path, array, **kwargs):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(array)).save(path, **kwargs)


def label(*ids):
    """An 8x12 label map with the given ids in turn."""
    return np.resize(np.array(ids, np.uint8), (8, 12))


def make_pairs(root):
    """`root`: images/a.jpg with ids 0 and 1, b.jpg with 1, 2 and void."""
    for name, ids in (('a', (0, 1)), ('b', (1, 2, 255))):
        save(root / f'images/{name}.jpg', np.zeros((8, 12, 3), np.uint8))
        save(root / f'labels/{name}.png', label(*ids))
    return root


def build(root, **kwargs):
    kwargs = {
        'data_prefix': dict(img_path='images', seg_map_path='labels'),
        'metainfo': dict(classes=CLASSES),
        **kwargs,
    }
    return FolderSegDataset(data_root=str(root), **kwargs)
