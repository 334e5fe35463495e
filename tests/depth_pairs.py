"""Three small pairs of image and depth map, as DepthDataset reads them."""

import numpy as np
from PIL import Image

PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='xnet_mm.LoadDepth'),
    dict(type='xnet_mm.PackDepthInputs'),
]
FOLDERS = dict(img_path='rgb', depth_path='depth')


def save(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(array)).save(path)


def units(*values):
    """An 8x12 depth file's content with the given values in turn."""
    return np.resize(np.array(values, np.uint16), (8, 12))


def make_pairs(root):
    """`root`: rgb/a.jpg, depth/a.png of 0, 1.5 and 9 m, b, c, train.txt."""
    rng = np.random.default_rng(0)
    lines = []
    for i, name in enumerate('abc'):
        image = rng.integers(256, size=(8, 12, 3), dtype=np.uint8)
        save(root / f'rgb/{name}.jpg', image)
        save(root / f'depth/{name}.png', units(0, 1500, 9000 + i))
        lines.append(f'rgb/{name}.jpg depth/{name}.png\n')
    (root / 'train.txt').write_text(''.join(lines))
    return root
