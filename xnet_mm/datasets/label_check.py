"""Finds what is wrong with a folder of label maps before training starts.

A wrong label otherwise shows up as a CUDA assert in the middle of the first
epoch, or not at all: 16-bit ids wrap, RGB masks are read channel by channel.
"""

import warnings
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import track

from ..fileio.images import open_picture, read_size

ID_MODES = ('L', 'P', '1', 'I', 'I;16', 'I;16B')  # one channel, integers
BROKEN = (OSError, SyntaxError, ValueError)  # what Pillow raises on damage
MAX_SHOWN = 10


def label_ids(label: Image.Image) -> set[int]:
    """The ids that occur in a one-channel label map."""
    if label.mode in ('L', 'P'):
        return set(np.flatnonzero(label.histogram()).tolist())
    return set(np.unique(np.asarray(label).astype(np.int64)).tolist())


def read_ids(image_path: str | Path, label_path: str | Path) -> set[int]:
    """The ids in a label map that fits its image.

    Raises:
        ValueError: a file is unreadable, or the label map has several
            channels, is lossy or has another size than the image.
    """
    try:
        size = read_size(image_path)
    except FileNotFoundError as error:
        raise ValueError(str(error)) from None
    try:
        with open_picture(label_path) as label:
            label.load()
    except BROKEN as error:
        reason = str(error).removeprefix(f'{label_path}: ')
        raise ValueError(f'{label_path}: unreadable ({reason})') from None
    if label.mode not in ID_MODES:
        raise ValueError(
            f'{label_path}: a {label.mode} picture; a label map has one '
            'channel that holds class ids. Turn each colour into its id and '
            'save an 8-bit grey PNG'
        )
    if label.format == 'JPEG':
        raise ValueError(
            f'{label_path}: a JPEG, which alters ids at every edge. Save the '
            'original labels as PNG'
        )
    if label.size != size:
        raise ValueError(
            f'{label_path}: {label.size[0]}x{label.size[1]} pixels, but '
            f'{image_path} has {size[0]}x{size[1]} (width x height). Make '
            'them equal (label maps by nearest neighbour)'
        )
    return label_ids(label)


def describe_wrong_ids(
    wrong: set[int], num_classes: int, reduce_zero_label: bool
) -> str:
    """Which ids have no class, which would have one, and what to do."""
    ids = ', '.join(map(str, sorted(wrong)[:5])) + ', ...' * (len(wrong) > 5)
    text = (
        f'holds id {ids}, but {num_classes} classes are the ids '
        f'{int(reduce_zero_label)}..{num_classes - 1 + reduce_zero_label}. '
        'Name every class in metainfo=dict(classes=...) and give the head '
        'the same number (model.decode_head.num_classes)'
    )
    if wrong == {num_classes} and not reduce_zero_label:
        text += (
            '; or set reduce_zero_label=True, if the classes start at 1 and '
            '0 means "unlabelled"'
        )
    return text


def raise_problems(where: str, problems: Sequence[str]) -> None:
    """Raise one error for all `problems` of the data set at `where`.

    Raises:
        ValueError: if there is any; names the first ten files.
    """
    if not problems:
        return
    shown = '\n'.join(f'  {p}' for p in problems[:MAX_SHOWN])
    if len(problems) > MAX_SHOWN:
        shown += f'\n  ... and {len(problems) - MAX_SHOWN} more'
    raise ValueError(f'{where}: {len(problems)} wrong file(s)\n{shown}')


def check_pairs(
    pairs: Iterable[tuple[str | Path, str | Path]],
    num_classes: int,
    *,
    where: str = 'data set',
    ignore_index: int = 255,
    reduce_zero_label: bool = False,
    show_progress: bool = True,
) -> None:
    """Decode every label map once, in threads, and raise if any is wrong.

    Args:
        pairs: (image, label map) paths.
        num_classes: number of classes.
        where: name of the data set, for the error and the progress bar.
        ignore_index: the id of pixels that do not count.
        reduce_zero_label: 0 is "unlabelled" and class 0 is stored as 1.
        show_progress: draw a progress bar on stderr.

    Raises:
        ValueError: names each wrong file and says what to do.
    """
    pairs = list(pairs)
    allowed = {*range(num_classes + reduce_zero_label), ignore_index}

    def look(pair: tuple[str | Path, str | Path]) -> set[int] | str:
        try:
            ids = read_ids(*pair)
        except ValueError as error:
            return str(error)
        if ids <= allowed:
            return ids
        advice = describe_wrong_ids(
            ids - allowed, num_classes, reduce_zero_label
        )
        return f'{pair[1]}: {advice}'

    # Pillow lets go of the interpreter lock while it decodes.
    with ThreadPoolExecutor() as pool:
        found = list(
            track(
                pool.map(look, pairs),
                description=f'checking labels of {where}',
                total=len(pairs),
                console=Console(stderr=True),
                transient=True,
                disable=not show_progress,
            )
        )
    raise_problems(where, [f for f in found if isinstance(f, str)])
    if num_classes > 1 and set().union(*found) == {0, ignore_index}:
        warnings.warn(
            f'{where}: all labels are 0 or {ignore_index}, and {ignore_index} '
            'is ignored: nothing but class 0 can be learnt. Binary masks '
            'want the ids 0 and 1',
            stacklevel=2,
        )
