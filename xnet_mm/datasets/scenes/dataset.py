"""Generated rooms with exact labels and exact depth, written like real data.

ROOT/images/0000.jpg   RGB, quality 92
ROOT/labels/0000.png   8-bit class ids, every pixel has one
ROOT/depth/0000.png    16-bit z depth in mm along the optical axis
ROOT/train.txt val.txt one name a line, without folder and suffix
ROOT/K.txt             intrinsics; the top left pixel's centre is (0, 0)
ROOT/meta.json         what it was made with, class names, palette
ROOT/preview.jpg       image | labels | depth of some pictures
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from rich.progress import track

from ...registry import DATASETS
from ..depth_check import check_depth_pairs, missing_files
from ..folder_dataset import FolderSegDataset
from ..folders import split_name
from ..label_check import raise_problems
from .layout import CLASSES
from .renderer import camera_matrix, render_scene

PALETTE = (
    (140, 110, 80), (190, 190, 200), (240, 240, 230), (160, 60, 30),
    (80, 180, 240), (230, 120, 200), (120, 70, 160), (230, 170, 40),
    (220, 40, 40), (40, 160, 90),
)  # fmt: skip
DEPTH_SCALE = 1000.0  # file units per metre
GENERATOR = 'xnet_mm scenes'
VERSION = 1  # raise it when the same seed gives other pictures
JPEG_QUALITY = 92
PREVIEW_SCENES = 8


@DATASETS.register_module()
class ScenesDataset(FolderSegDataset):
    """Generated rooms: floor, walls, furniture, balls and cylinders.

    Made by `tools/make_scenes.py`; see the module's docstring for the files.
    Colours and patterns are drawn alike for the classes: shape and place tell
    them apart. Depth maps lie beside the labels, under the same names.

    Raises:
        FileNotFoundError: the data set has not been made yet.
    """

    METAINFO = dict(classes=CLASSES, palette=[list(c) for c in PALETTE])

    def load_data_list(self) -> list[dict]:
        """List the split; say how to make the data set if there is none."""
        if self.data_root and not Path(self.data_root).is_dir():
            raise FileNotFoundError(
                f'no generated scenes in {self.data_root!r}: make them with '
                f'`python tools/make_scenes.py {self.data_root}`'
            )
        return super().load_data_list()


@DATASETS.register_module()
class ScenesDepthDataset(ScenesDataset):
    """The same rooms with both truths, for a model of classes and depth.

    `data_prefix` has one folder more, `depth_path`. Depth is read by
    `LoadDepth`, labels by `LoadLabels`; `metainfo` may set `max_depth`.

    Raises:
        ValueError: `data_prefix` has no `depth_path`, a depth map is
            missing, or a few that are looked at cannot be right.
    """

    METAINFO = dict(**ScenesDataset.METAINFO, max_depth=10.0)

    def load_data_list(self) -> list[dict]:
        """List the split, and the depth map of each image."""
        where = split_name(self)
        if not self.data_prefix.get('depth_path'):
            raise ValueError(
                f'{where}: data_prefix={self.data_prefix} has no depth_path, '
                "the folder of the depth maps. Set depth_path='depth'"
            )
        data_list = super().load_data_list()
        folders = self.data_prefix['img_path'], self.data_prefix['depth_path']
        for item in data_list:
            name = Path(item['img_path']).relative_to(folders[0])
            item['depth_map_path'] = str(
                Path(folders[1], name).with_suffix('.png')
            )
            item.update(depth_scale=DEPTH_SCALE, depth_encoding='plain')
        if self.check:
            pairs = [(i['img_path'], i['depth_map_path']) for i in data_list]
            raise_problems(where, missing_files(pairs))
            check_depth_pairs(
                pairs,
                scale=DEPTH_SCALE,
                encoding='plain',
                max_depth=self.metainfo['max_depth'],
                where=where,
            )
        return data_list


def write_scenes(
    root: str | Path,
    num_train: int = 240,
    num_val: int = 60,
    size: tuple[int, int] = (320, 240),
    seed: int = 0,
    workers: int | None = None,
    force: bool = False,
) -> bool:
    """Write a data set of generated rooms; it appears whole or not at all.

    Args:
        root: its folder.
        num_train: pictures in train.txt.
        num_val: pictures in val.txt, of other rooms.
        size: `(width, height)` in pixels.
        seed: another seed gives other rooms.
        workers: threads, by default one a core. The files do not depend
            on it.
        force: replace a generated data set with other parameters.

    Returns:
        False if the same data set is there already (nothing is done).

    Raises:
        FileExistsError: `root` holds something else.
    """
    root = Path(root)
    parameters = dict(
        version=VERSION,
        seed=seed,
        num_train=num_train,
        num_val=num_val,
        size=list(size),
    )
    if root.exists() and _is_made(root, parameters, force):
        return False
    partial_root = root.with_name(root.name + '.tmp')
    # What a killed run left: the name is ours alone.
    shutil.rmtree(partial_root, ignore_errors=True)
    try:
        _write_files(partial_root, parameters, workers or _cores())
        _swap(partial_root, root)
    finally:
        shutil.rmtree(partial_root, ignore_errors=True)
    return True


def _is_made(root: Path, parameters: dict, force: bool) -> bool:
    """Whether `root` is this data set; False if it may be replaced."""
    if root.is_dir() and not any(root.iterdir()):
        return False
    try:
        meta = json.loads((root / 'meta.json').read_text())
        ours = meta['generator'] == GENERATOR
    except (OSError, ValueError, KeyError, TypeError):
        ours = False
    if not ours:
        raise FileExistsError(
            f'{root} exists and is not a generated data set: nothing was '
            'written; give another folder'
        )
    if meta['parameters'] == parameters:
        return True
    if not force:
        raise FileExistsError(
            f'{root} was made with {meta["parameters"]}, wanted {parameters}:'
            ' give another folder, or --force to replace it'
        )
    return False


def _write_files(root: Path, parameters: dict, workers: int) -> None:
    """All files of a data set into a new folder."""
    for folder in ('images', 'labels', 'depth'):
        (root / folder).mkdir(parents=True)
    num_train = parameters['num_train']
    total, size = num_train + parameters['num_val'], tuple(parameters['size'])
    write = partial(_write_scene, root, parameters['seed'], size)
    stems = list(
        track(
            _each(write, total, workers),
            f'rendering {total} scenes',
            total=total,
        )
    )
    for name, part in (
        ('train.txt', stems[:num_train]),
        ('val.txt', stems[num_train:]),
    ):
        (root / name).write_text(''.join(f'{stem}\n' for stem in part))
    np.savetxt(root / 'K.txt', camera_matrix(size), '%.6f')
    _save(root / 'preview.jpg', _preview(root, stems[:PREVIEW_SCENES]))
    meta = dict(
        generator=GENERATOR,
        parameters=parameters,
        classes=CLASSES,
        palette=PALETTE,
    )
    (root / 'meta.json').write_text(json.dumps(meta, indent=1) + '\n')


def _each(
    write: Callable[[int], str], total: int, workers: int
) -> Iterator[str]:
    """Call `write` with 0, 1, ... in several threads; results in order.

    Threads, as NumPy works outside of the interpreter's lock and OpenCV's
    own threads can hang a forked process.
    """
    pool = ThreadPoolExecutor(workers)
    try:
        yield from pool.map(write, range(total))
    finally:
        pool.shutdown(cancel_futures=True)


def _cores() -> int:
    """Cores that this process may use: a cluster's job has few of many."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _write_scene(
    root: Path, seed: int, size: tuple[int, int], index: int
) -> str:
    """The three files of one picture; returns their common name."""
    image, label, depth = render_scene(seed, index, size)
    stem = f'{index:04d}'
    _save(root / f'images/{stem}.jpg', image[..., ::-1])
    _save(root / f'labels/{stem}.png', label)
    millimetres = np.rint(depth * DEPTH_SCALE).astype(np.uint16)
    _save(root / f'depth/{stem}.png', millimetres)
    return stem


def _save(path: Path, pixels: np.ndarray) -> None:
    """Write an image (BGR or one channel)."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    options = quality if path.suffix == '.jpg' else []
    if not cv2.imwrite(str(path), pixels, options):
        raise OSError(f'could not write {path}')


def _load(path: Path) -> np.ndarray:
    """Read an image (BGR or one channel) as it was written."""
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise OSError(f'could not read {path} back')
    return pixels


def _swap(new: Path, root: Path) -> None:
    """Put `new` in the place of `root`, which may exist."""
    if not root.exists():
        new.rename(root)
        return
    old = root.with_name(root.name + '.old')
    root.rename(old)
    new.rename(root)
    shutil.rmtree(old)


def _preview(root: Path, stems: list[str]) -> np.ndarray:
    """BGR sheet: image, labels and depth (near is red), two scenes a row."""
    palette = np.array(PALETTE, np.uint8)[:, ::-1]
    strips = []
    for stem in stems:
        image = _load(root / f'images/{stem}.jpg')
        label = _load(root / f'labels/{stem}.png')
        depth = _load(root / f'depth/{stem}.png')
        near = np.uint8(255 * np.clip(1 - depth / 8000, 0, 1))
        coloured = cv2.applyColorMap(near, cv2.COLORMAP_TURBO)
        strips.append(np.hstack([image, palette[label], coloured]))
    if len(strips) % 2:
        strips.append(np.zeros_like(strips[0]))
    pairs = zip(strips[::2], strips[1::2], strict=True)
    return np.vstack([np.hstack(pair) for pair in pairs])
