"""Label data sets: label maps of ids 0..K-1 where there are none, lists."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from ...datasets.label_ids import IGNORED
from ...fileio.atomic import write_atomically
from .classes import Classes
from .codes import count, translate
from .found import LabelsFound
from .images import Size, image_size
from .prepared import Prepared
from .sources import open_truth
from .terms import SPLITS, Pair
from .truth import Truth
from .writing import (
    common_parent,
    is_listable,
    link,
    median_size,
    run,
    write_names,
)


class _Read(NamedTuple):
    size: Size
    counts: Counter
    plain: bool


class Names(NamedTuple):
    """How a data set finds its files.

    Attributes:
        images: folder of the images.
        labels: folder of the label maps.
        img_suffix: end of the images' names.
        seg_map_suffix: end of the label maps' names.
        names: what is between.
    """

    images: str
    labels: str
    img_suffix: str
    seg_map_suffix: str
    names: list[str]


def prepare_labels(
    found: LabelsFound, out: Path, final: Path, workers: int | None = None
) -> Prepared:
    """Read every pair, write label maps where they are needed, and lists.

    Args:
        found: of `understand`.
        out: an empty folder for what is written.
        final: what this folder will be called.
        workers: threads.

    Raises:
        FolderError: a file is damaged or of another size than its image; a
            code of no class; fewer than two classes.
    """
    truth = open_truth(found)
    splits = [split for split in SPLITS if found.pairs[split]]
    reads: dict[str, list[_Read]] = {}
    for split in splits:
        reads[split] = run(
            lambda pair: _read(found, truth, pair),
            found.pairs[split],
            f'reading labels of {split}',
            workers,
        )
    every = [one for split in splits for one in reads[split]]
    counts = sum((one.counts for one in every), Counter())
    classes = truth.classes(counts)
    notes = [note for note in classes.notes if note not in found.notes]
    if classes.names != found.classes:
        notes.append(
            f'all files together have {len(classes.names)} classes, those '
            f'looked at first had {len(found.classes)}'
        )
    in_place = all(one.plain for one in every) and all(
        classes.mapping[code] == code for code in counts
    )
    settings: dict[str, Any] = {}
    named = {
        split: names_in_place(found.pairs[split]) if in_place else None
        for split in splits
    }
    written = [split for split in splits if named[split] is None]
    images = _image_names(found, out, written)
    linked = any(name != pair.image for pair, name in images.items())
    if linked:
        notes.append(
            'images whose names a list cannot hold: linked to '
            f'{final / "images"}'
        )
    for split in written:
        run(
            lambda pair: _write(found, truth, pair, classes, out, images),
            found.pairs[split],
            f'writing label maps of {split}',
            workers,
        )
    for split in splits:
        names = named[split] or Names(
            str((final / 'images').resolve()) if linked else '',
            str((final / 'labels').resolve()),
            '',
            '.png',
            [images[pair] for pair in found.pairs[split]],
        )
        write_names(out / f'{split}.txt', names.names)
        settings[split] = _settings(found, classes, names, final, split)
    shares, missing = _shares(reads['train'], classes)
    if missing:
        notes.append(
            'no training pixel has the class ' + ', '.join(missing[:5])
        )
    return Prepared(
        folder=final.resolve(),
        task='segmentation',
        train=settings['train'],
        val=settings['val'],
        test=settings.get('test'),
        counts={split: len(found.pairs[split]) for split in SPLITS},
        image_size=median_size([one.size for one in reads['train']]),
        classes=classes.names,
        palette=classes.palette,
        class_shares=shares,
        notes=tuple(notes),
    )


def _read(found: LabelsFound, truth: Truth, pair: Pair) -> _Read:
    size = image_size(found.folder / pair.image)
    codes = truth.read(pair, size)
    return _Read(size, count(codes.values), codes.plain)


def _write(
    found: LabelsFound,
    truth: Truth,
    pair: Pair,
    classes: Classes,
    out: Path,
    images: Mapping[Pair, str],
) -> None:
    """The label map of a pair, as training reads it."""
    codes = truth.read(pair, image_size(found.folder / pair.image)).values
    file = BytesIO()
    Image.fromarray(translate(codes, classes.mapping)).save(file, 'PNG')
    write_atomically(out / f'labels/{images[pair]}.png', file.getvalue())


def names_in_place(pairs: Sequence[Pair]) -> Names | None:
    """How files are named where they are, if two suffixes are enough.

    Args:
        pairs: at least one.

    Returns:
        None where names differ in more than folder and end.
    """
    images = common_parent([pair.image for pair in pairs])
    labels = common_parent([pair.truth for pair in pairs])
    rows = [
        (_below(pair.image, images), _below(pair.truth, labels))
        for pair in pairs
    ]
    for cut in (_by_suffix, _by_common_start):
        names = [cut(*row) for row in rows]
        ends = {
            (image[len(name) :], label[len(name) :])
            for (image, label), name in zip(rows, names, strict=True)
            if label.startswith(name)
        }
        whole = all(
            label.startswith(name)
            for (_, label), name in zip(rows, names, strict=True)
        )
        listable = all(is_listable(name, blanks=True) for name in names)
        if whole and listable and len(ends) == 1:
            return Names(images, labels, *ends.pop(), names)
    return None


def _below(name: str, folder: str) -> str:
    return name.removeprefix(f'{folder}/') if folder else name


def _by_suffix(image: str, label: str) -> str:
    """`a` of a.jpg, and of a_mask.png."""
    return image[: len(image) - len(PurePosixPath(image).suffix)]


def _by_common_start(image: str, label: str) -> str:
    """`a` of a_image.png and a_label.png."""
    same = 0
    while image[same : same + 1] == label[same : same + 1] != '':
        same += 1
    return re.sub(r'[._\-][^._\-]*$', '', image[:same])


def _image_names(
    found: LabelsFound, out: Path, splits: Sequence[str]
) -> dict[Pair, str]:
    """A name for each image below one folder; by links where it has none."""
    pairs = [pair for split in splits for pair in found.pairs[split]]
    if all(is_listable(pair.image, blanks=True) for pair in pairs):
        return {pair: pair.image for pair in pairs}
    names = {}
    for number, pair in enumerate(pairs):
        suffix = PurePosixPath(pair.image).suffix.strip()
        names[pair] = f'{number:06d}{suffix}'
        link(found.folder / pair.image, out / 'images' / names[pair])
    return names


def _settings(
    found: LabelsFound,
    classes: Classes,
    names: Names,
    final: Path,
    split: str,
) -> dict[str, Any]:
    """Of a data set in a config."""
    return dict(
        type='xnet_mm.FolderSegDataset',
        data_root=str(found.folder.resolve()),
        ann_file=str((final / f'{split}.txt').resolve()),
        data_prefix=dict(img_path=names.images, seg_map_path=names.labels),
        img_suffix=names.img_suffix,
        seg_map_suffix=names.seg_map_suffix,
        metainfo=dict(
            classes=[*classes.names],
            palette=[[*colour] for colour in classes.palette],
        ),
    )


def _shares(
    reads: Sequence[_Read], classes: Classes
) -> tuple[np.ndarray, list[str]]:
    """Share of each class of the labelled pixels; classes without any."""
    pixels = np.zeros(len(classes.names))
    for one in reads:
        for code, number in one.counts.items():
            if classes.mapping[code] != IGNORED:
                pixels[classes.mapping[code]] += number
    missing = [
        name
        for name, number in zip(classes.names, pixels, strict=True)
        if not number
    ]
    return pixels / max(pixels.sum(), 1), missing
