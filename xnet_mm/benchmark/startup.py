"""How long large data sets take to start, the first time and the second."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from mmengine.dataset import BaseDataset
from rich.console import Console
from rich.progress import track
from rich.table import Table

from ..datasets import DepthDataset, FolderSegDataset
from ..datasets.label_cache import PLACE, SETTLED
from ..fileio.atomic import write_atomically
from .report import markdown_table

COLUMNS = ('data set', 'first start', 'second start')
SIZE = (96, 128)  # pixels, height and width
NUM_CLASSES = 11


def write_pairs(root: Path, number: int) -> None:
    """Images, label maps and depth maps of blocks, small and all different.

    Args:
        root: gets the folders images, labels and depth.
        number: of each.
    """
    random = np.random.default_rng(0)
    blocks = (SIZE[0] // 8, SIZE[1] // 8)
    for i in track(range(number), 'writing files', transient=True):
        for folder, suffix, most, dtype in (
            ('images', 'jpg', 256, np.uint8),
            ('labels', 'png', NUM_CLASSES, np.uint8),
            ('depth', 'png', 10_000, np.uint16),
        ):
            values = random.integers(most, size=blocks).astype(dtype)
            content = cv2.imencode(
                f'.{suffix}', values.repeat(8, 0).repeat(8, 1)
            )[1]
            path = root / folder / f'{i:07d}.{suffix}'
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.tobytes())


def time_startup(number: int) -> list[tuple[str, str, str]]:
    """Build data sets of so many files twice, in an empty cache.

    Args:
        number: of pairs, at least 2.

    Returns:
        Rows of a table with `COLUMNS`.
    """
    kept = os.environ.get(PLACE)
    with TemporaryDirectory() as folder:
        os.environ[PLACE] = f'{folder}/cache'
        try:
            root = Path(folder, 'data')
            write_pairs(root, number)
            time.sleep(SETTLED / 1e9)  # younger files are not kept
            names = [f'class {i}' for i in range(NUM_CLASSES)]

            def labels() -> BaseDataset:
                return FolderSegDataset(
                    data_root=str(root),
                    data_prefix=dict(img_path='images', seg_map_path='labels'),
                    metainfo=dict(classes=names),
                )

            def depth() -> BaseDataset:
                return DepthDataset(
                    data_root=str(root),
                    data_prefix=dict(img_path='images', depth_path='depth'),
                )

            return [
                (f'{number} {kind}', _seconds(build), _seconds(build))
                for kind, build in (
                    ('images and label maps', labels),
                    ('images and depth maps', depth),
                )
            ]
        finally:
            if kept is None:
                del os.environ[PLACE]
            else:
                os.environ[PLACE] = kept


def _seconds(build: Callable[[], BaseDataset]) -> str:
    start = time.perf_counter()
    build()
    return f'{time.perf_counter() - start:.2f} s'


def report_startup(number: int, folder: Path, console: Console) -> Path:
    """Time so many files, print the table, write startup.md."""
    rows = time_startup(number)
    table = Table(*COLUMNS)
    for row in rows:
        table.add_row(*row)
    console.print(table)
    lines = ['# Start-up of data sets', '', *markdown_table(COLUMNS, rows)]
    path = folder / 'startup.md'
    write_atomically(path, '\n'.join([*lines, '']).encode())
    return path
