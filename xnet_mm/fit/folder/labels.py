"""Which kind of label pictures a folder has."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...datasets.label_ids import IGNORED
from ...datasets.threads import run_jobs
from .classes import Style
from .codes import (
    Look,
    as_colours,
    is_black_and_white,
    look_at,
)
from .legend import Legend
from .terms import FolderError

MANY = 64  # values of one file: more are a photo's
MOST_COLOURS = 255
SMOOTH = 16  # values of a mask with smooth edges, at least
PHOTO = 'photos or smooth pictures, and not masks'


def look_at_labels(folder: Path, paths: Sequence[str]) -> list[Look]:
    """Read some label pictures, with a progress bar.

    Raises:
        FolderError: the first one that is wrong.
    """
    looks = run_jobs(
        lambda path: look_at(folder, path),
        paths,
        'looking at label maps',
    )
    for look in looks:
        if isinstance(look, str):
            raise FolderError(look)
    return [look for look in looks if not isinstance(look, str)]


def find_style(
    looks: Sequence[Look], legends: Sequence[Legend]
) -> tuple[Style, Counter]:
    """How these label pictures are to be read, and the codes in them.

    Args:
        looks: at least one.
        legends: files that name classes, the likeliest first.

    Raises:
        FolderError: photos, smooth colours, or colours in JPEG.
    """
    with_colours = [legend for legend in legends if legend.has_colours]
    if any(look.coloured for look in looks):
        return _colours(looks, with_colours)
    counts = sum((look.counts for look in looks), Counter())
    legend = legends[0] if legends else None
    palette = next((look.palette for look in looks if look.palette), ())
    values = {*counts}
    lossy = next((look.path for look in looks if look.lossy), '')
    levels = (
        {e.colour for e in with_colours[0].entries} if with_colours else set()
    )
    if values == {0, IGNORED} and not lossy:
        style = Style('binary 0/255', 'ends', legend, ())
        return style, _threshold(counts)
    smooth = len(values) >= SMOOTH or lossy
    if smooth and not palette and is_black_and_white(counts):
        note = (
            'JPEG masks' if lossy else 'masks with smooth edges'
        ) + ' of black and white: divided at 128'
        style = Style('binary 0/255', 'threshold', legend, (), (note,))
        return style, _threshold(counts)
    if lossy:
        raise FolderError(
            f'{lossy}: a JPEG, which alters ids at every edge, and not of '
            'black and white alone; save the original label maps as PNG'
        )
    many = int(np.median([len(look.counts) for look in looks]))
    if many > MANY or len(values) > MOST_COLOURS + 1:
        raise FolderError(
            f'{looks[0].path}: {many} different values a file, {len(values)} '
            f'in all: {PHOTO}; wanted class ids in 8 bits (for depth use a '
            'folder called depth)'
        )
    greys = {colour[0] for colour in levels if colour and len({*colour}) == 1}
    if with_colours and len(greys) == len(levels) and values <= greys:
        return _colours(looks, with_colours)
    return Style('ids', 'values', legend, palette), counts


def _threshold(counts: Counter) -> Counter:
    codes: Counter = Counter()
    for value, number in counts.items():
        codes[int(value >= 128)] += number
    return codes


def _colours(
    looks: Sequence[Look], legends: Sequence[Legend]
) -> tuple[Style, Counter]:
    legend = legends[0] if legends else None
    lossy = next((look.path for look in looks if look.lossy), '')
    if lossy:
        raise FolderError(
            f'{lossy}: colours in a JPEG, which alters them at every edge, '
            'so they are no classes; save the original masks as PNG'
        )
    counts = sum((as_colours(look) for look in looks), Counter())
    if len(counts) > MOST_COLOURS and legend is None:
        raise FolderError(
            f'{looks[0].path}: {len(counts)} colours in {len(looks)} files: '
            f'{PHOTO}; wanted one flat colour a class (no smooth edges), '
            'with classes.txt of lines `name r g b`'
        )
    return Style('colours', 'colours', legend, ()), counts


def check_size(
    found: Sequence[int], size: tuple[int, int], path: Path, image: Path
) -> None:
    """Refuse truth of another size than its image.

    Args:
        found: (height, width) of the truth.
        size: (height, width) of the image.
        path: of the truth.
        image: its path.

    Raises:
        ValueError: and says whether the photo is turned.
    """
    if tuple(found) == size:
        return
    turned = ''
    if tuple(found) == size[::-1]:
        turned = (
            ' The photo may be turned by its Exif orientation alone: save it '
            'upright.'
        )
    raise ValueError(
        f'{path}: {found[1]}x{found[0]} pixels, but {image} has {size[1]}x'
        f'{size[0]} (width x height); make them equal (truth by nearest '
        f'neighbour).{turned}'
    )
