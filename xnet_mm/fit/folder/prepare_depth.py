"""Depth data sets: lists of `image depth`, and the statistics of depths."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np

from ...datasets.depth_io import read_depth
from .depth import KEPT, PERCENTILES
from .found import DepthFound
from .images import Size, image_size
from .labels import check_size
from .prepared import DepthStatistics, Prepared
from .terms import SPLITS, FolderError, Pair
from .writing import is_listable, link, median_size, run, write_names


class _Map(NamedTuple):
    size: Size
    valid: int
    low: float
    high: float
    values: np.ndarray


def prepare_depth(
    found: DepthFound, out: Path, final: Path, workers: int | None = None
) -> Prepared:
    """Read every pair, and write the lists.

    Args:
        found: of `understand`.
        out: an empty folder for what is written.
        final: what this folder will be called.
        workers: threads.

    Raises:
        FolderError: a file is damaged or of another size than its image, or
            no training image has a depth.
    """
    maps: dict[str, list[_Map]] = {}
    linked = 0
    settings: dict[str, Any] = {}
    for split in SPLITS:
        pairs = found.pairs[split]
        if not pairs:
            continue
        maps[split] = run(
            lambda pair: _read(found, pair),
            pairs,
            f'reading depth of {split}',
            workers,
        )
        rows, added = _rows(found.folder, pairs, out, final, split)
        linked += added
        write_names(out / f'{split}.txt', rows)
        settings[split] = _settings(found, final / f'{split}.txt')
    train = maps['train']
    notes = []
    if linked:
        notes.append(
            f'{linked} pairs have blanks in their names: linked to '
            f'{final / "linked"}'
        )
    empty = sum(
        not m.valid for found_maps in maps.values() for m in found_maps
    )
    if empty:
        notes.append(f'{empty} depth maps have no depth at all')
    return Prepared(
        folder=final.resolve(),
        task='depth',
        train=settings['train'],
        val=settings['val'],
        test=settings.get('test'),
        counts={split: len(pairs) for split, pairs in found.pairs.items()},
        image_size=median_size([m.size for m in train]),
        depth=_statistics(train, found.folder),
        notes=tuple(notes),
    )


def _read(found: DepthFound, pair: Pair) -> _Map:
    image, path = found.folder / pair.image, found.folder / pair.truth
    size = image_size(image)
    depth = read_depth(
        path, found.depth_scale, found.depth_encoding, found.invalid_values
    )
    check_size(depth.shape, size, path, image)
    valid = depth[depth > 0]
    if not valid.size:
        return _Map(size, 0, np.inf, 0.0, valid)
    step = max(1, valid.size // KEPT)
    return _Map(
        size,
        valid.size,
        float(valid.min()),
        float(valid.max()),
        np.sort(valid)[step // 2 :: step],
    )


def _rows(
    folder: Path, pairs: Sequence[Pair], out: Path, final: Path, split: str
) -> tuple[list[str], int]:
    """Lines of a list; names with blanks get others by links."""
    rows, linked = [], 0
    for number, pair in enumerate(pairs):
        names = [pair.image, pair.truth]
        if not all(is_listable(name, blanks=False) for name in names):
            linked += 1
            for i, name in enumerate(names):
                suffix = PurePosixPath(name).suffix.replace(' ', '')
                kind = ('image', 'depth')[i]
                own = f'linked/{split}_{number:06d}_{kind}{suffix}'
                link(folder / name, out / own)
                names[i] = (final / own).resolve().as_posix()
        rows.append(' '.join(names))
    return rows, linked


def _settings(found: DepthFound, path: Path) -> dict[str, Any]:
    """Of a data set in a config."""
    settings: dict[str, Any] = dict(
        type='xnet_mm.DepthDataset',
        data_root=str(found.folder.resolve()),
        ann_file=str(path.resolve()),
        depth_scale=found.depth_scale,
    )
    if found.depth_encoding != 'plain':
        settings['depth_encoding'] = found.depth_encoding
    if found.invalid_values:
        settings['invalid_values'] = [*found.invalid_values]
    return settings


def _statistics(maps: Sequence[_Map], folder: Path) -> DepthStatistics:
    values = np.concatenate([m.values for m in maps])
    if not values.size:
        raise FolderError(
            f'{folder}: no training image has a pixel with depth (0 and NaN '
            'mean "none"); look at the depth files'
        )
    low, median, high = np.percentile(values, PERCENTILES).tolist()
    pixels = sum(m.size[0] * m.size[1] for m in maps)
    return DepthStatistics(
        min(m.low for m in maps),
        max(m.high for m in maps),
        (low, median, high),
        sum(m.valid for m in maps) / pixels,
    )
