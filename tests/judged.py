"""Predictions and truth as files, as another program would write them."""

import json
from pathlib import Path

import cv2
import numpy as np

from xnet_mm.evaluation.depth_protocols import find_protocol
from xnet_mm.judge.depth import evaluate_depth
from xnet_mm.judge.depth_files import usual_units
from xnet_mm.judge.files import Files

NO_OPTIONS = dict(min_depth=None, max_depth=None, crop=None, clamp=None)
SIZES = dict(nyu_eigen=(480, 640), kitti_eigen_garg=(352, 1216))
SIZES['kitti_eigen_eigen'] = SIZES['kitti_eigen_garg']


def named(name, **options):
    return find_protocol(name, None, NO_OPTIONS | options)


def size_of(name):
    """A size that the protocol takes, small where it may be."""
    return SIZES.get(name, (60, 90))


def scene(seed, size, far=10.0):
    """(prediction, truth) float32 metres, beyond `far` too, with holes."""
    rng = np.random.default_rng(seed)
    gt = rng.uniform(0.5, far * 1.1, size)
    pred = gt * rng.uniform(0.7, 1.3, size) + 0.1
    gt[rng.random(size) < 0.3] = 0
    return pred.astype(np.float32), gt.astype(np.float32)


def save(path, array):
    """Write npy, PNG or TIFF as the name says; the path."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == '.npy':
        np.save(path, array, allow_pickle=False)
    else:
        assert cv2.imwrite(str(path), array)
    return path


def millimetres(depth):
    return np.rint(depth * 1000.0).astype(np.uint16)


def save_scenes(root, maps, suffix='.npy'):
    """`root`/p and `root`/t with a file for each (prediction, truth)."""
    for name, (pred, gt) in maps.items():
        for side, depth in (('p', pred), ('t', gt)):
            values = depth if suffix == '.npy' else millimetres(depth)
            save(root / side / f'{name}{suffix}', values)
    return root / 'p', root / 't'


def judge(root, protocol='custom', units=(None, None), **options):
    """What `evaluate_depth` finds in `root`/p and `root`/t."""
    if isinstance(protocol, str):
        wide = {} if protocol != 'custom' else dict(max_depth=10.0)
        protocol = named(protocol, **wide)
    given = dict(
        predictions=root / 'p', truth=root / 't', out=root / 'out', workers=1
    )
    usual = usual_units(protocol.name)
    chosen = [a or b for a, b in zip(units, usual, strict=True)]
    return evaluate_depth(Files(**(given | options)), protocol, *chosen)


def card_of(root):
    return json.loads((root / 'out/card.json').read_text())
