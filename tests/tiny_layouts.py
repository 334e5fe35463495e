"""Makes a few small images in the folder layouts of the public data sets."""

from pathlib import Path

import numpy as np
from PIL import Image


def write_pair(image_path, label_path, ids, size=(64, 96), seed=0):
    """A noise image and a label map of blocks of `ids`; size is (h, w)."""
    height, width = size
    rng = np.random.default_rng(seed)
    for path in (image_path, label_path):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    blocks = rng.choice(np.asarray(ids, np.uint8), (height // 8, width // 8))
    label = np.kron(blocks, np.ones((8, 8), np.uint8))
    image = rng.integers(0, 256, (*label.shape, 3), dtype=np.uint8)
    Image.fromarray(image).save(image_path)
    Image.fromarray(label).save(label_path)
    return label


def make_ade20k(root, count=2):
    """`root`/ade/ADEChallengeData2016: ids 1..150, 0 = unlabelled."""
    root = Path(root, 'ade', 'ADEChallengeData2016')
    for split, short in (('training', 'train'), ('validation', 'val')):
        for i in range(1, count + 1):
            name = f'ADE_{short}_{i:08d}'
            write_pair(
                root / 'images' / split / f'{name}.jpg',
                root / 'annotations' / split / f'{name}.png',
                ids=range(151),
                seed=i,
            )


def make_cityscapes(root, count=2):
    """`root`/cityscapes: one folder a city, train ids 0..18 and 255."""
    root = Path(root, 'cityscapes')
    for split, city in (('train', 'aachen'), ('val', 'munster')):
        for i in range(count):
            name = f'{city}_{i:06d}_000019'
            image, label = (
                root / kind / split / city / f'{name}_{suffix}.png'
                for kind, suffix in (
                    ('leftImg8bit', 'leftImg8bit'),
                    ('gtFine', 'gtFine_labelTrainIds'),
                )
            )
            write_pair(
                image,
                label,
                ids=[*range(19), 255],
                size=(64, 128),
                seed=i,
            )


def make_camvid_release(root, count=2):
    """`root`: the SegNet tutorial's CamVid folder, 11 = void."""
    for split in ('train', 'val', 'test'):
        for i in range(count):
            name = f'0001TP_{i:06d}.png'
            write_pair(
                Path(root, split, name),
                Path(root, f'{split}annot', name),
                ids=range(12),
                seed=i,
            )
