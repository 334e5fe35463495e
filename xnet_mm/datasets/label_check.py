"""Finds what is wrong with a folder of label maps before training starts.

A wrong label otherwise shows up as a CUDA assert in the middle of the first
epoch, or not at all: 16-bit ids wrap, RGB masks are read channel by channel.
"""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from mmengine.logging import print_log
from PIL import Image

from ..fileio.images import open_picture
from .channel_io import read_image_size
from .label_cache import LabelCache, stamps_of
from .label_ids import IGNORED, MOST_CLASSES, loaded_ids
from .threads import look_at_files

ID_MODES = ('L', 'P', '1', 'I', 'I;16', 'I;16B')  # one channel, integers
BROKEN = (OSError, SyntaxError, ValueError)  # what Pillow raises on damage
MAX_SHOWN = 10
TWO_CLASSES = (
    "a mask of one thing has two classes, classes=('background', 'thing') "
    'for the ids 0 and 1, and num_classes=2'
)


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
        size = read_image_size(image_path)
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
    )
    if max(wrong) >= MOST_CLASSES:
        text += (
            f'Ids above {MOST_CLASSES - 1} cannot be classes (label maps are '
            'loaded in 8 bits): number them anew'
        )
    else:
        text += (
            'Name every class in metainfo=dict(classes=...) and give the '
            'head the same number (model.decode_head.num_classes)'
        )
    if wrong == {1} and num_classes == 1:
        return text + f': {TWO_CLASSES}'
    if wrong == {num_classes} and not reduce_zero_label:
        text += (
            '; or set reduce_zero_label=True, if the classes start at 1 and '
            '0 means "unlabelled"'
        )
    if len(wrong) == 1:
        text += (
            f'; or set ignore_index={min(wrong)}, if it marks pixels that '
            'do not count'
        )
    return text


def describe_useless(
    ids: set[int],
    ignore_index: int = IGNORED,
    reduce_zero_label: bool = False,
    label_map: Mapping[int, int] | None = None,
) -> str:
    """Why nothing can be learnt from label maps, and what to do; '' if it can.

    Args:
        ids: all that occur, each with a class or ignored.
        ignore_index: see `check_pairs`, as the rest.
        reduce_zero_label: see there.
        label_map: see there.
    """
    found = ', '.join(map(str, sorted(ids)))
    plain = not reduce_zero_label and not label_map
    if plain and ids == {0, IGNORED} and ignore_index == IGNORED:
        return (
            'all labels are 0 or 255, and 255 is ignored: nothing but class '
            '0 can be learnt. Binary masks want the ids 0 and 1: write 1 '
            f'instead of 255; {TWO_CLASSES}. Where 255 does mean "ignore" '
            'and all else is class 0: check=False'
        )
    if classes_of(ids, ignore_index, reduce_zero_label, label_map):
        return ''
    text = f'every pixel of every label map is ignored (found: {found}). '
    if label_map and ids - {ignore_index}:
        return text + (
            'None of the chosen classes occurs; see the classes in metainfo'
        )
    if reduce_zero_label and 0 in ids:
        return text + (
            'reduce_zero_label=True takes 0 for "unlabelled"; leave it out '
            'where 0 is a class'
        )
    return text + (
        f'ignore_index={ignore_index} is the id of pixels that do not count'
    )


def classes_of(
    ids: set[int],
    ignore_index: int = IGNORED,
    reduce_zero_label: bool = False,
    label_map: Mapping[int, int] | None = None,
) -> set[int]:
    """The classes that these ids of files are, as the model counts them."""
    counted = np.array(sorted(ids - {ignore_index}), np.int64)
    loaded = loaded_ids(counted, reduce_zero_label, label_map)
    return {*loaded.tolist()} - {IGNORED}


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
    ignore_index: int = IGNORED,
    reduce_zero_label: bool = False,
    label_map: Mapping[int, int] | None = None,
    others: Iterable[tuple[str | Path, str | Path]] = (),
    for_training: bool = True,
    show_progress: bool = True,
    cache: LabelCache | None = None,
) -> None:
    """Decode every label map once, in threads, and raise if any is wrong.

    A file that an earlier start read, and that is the same, is not decoded
    unless it is wrong: no error rests on the cache alone.

    Args:
        pairs: (image, label map) paths.
        num_classes: number of classes of the files.
        where: name of the data set, for the error and the progress bar.
        ignore_index: the id of pixels that do not count.
        reduce_zero_label: 0 is "unlabelled" and class 0 is stored as 1.
        label_map: of a choice among the classes, from old to new (255: left
            out), see mmseg's `BaseSegDataset`.
        others: pairs that other processes look at; read only as far as it
            takes to know that not all of them say the same.
        for_training: nothing to learn is an error, and not a warning.
        show_progress: draw a progress bar on stderr.
        cache: what earlier starts read; by default nothing.

    Raises:
        ValueError: names each wrong file, or says why nothing can be learnt
            from all of them, and what to do.
    """
    pairs = list(pairs)
    allowed = {*range(num_classes + reduce_zero_label), ignore_index}
    meaning = (ignore_index, reduce_zero_label, label_map)
    cache = cache or LabelCache()
    reused: list[tuple[str | Path, str | Path]] = []

    def look(pair: tuple[str | Path, str | Path]) -> set[int] | str:
        stamps = stamps_of(*pair)
        known = cache.get(*pair, stamps)
        if known is not None and known <= allowed:
            reused.append(pair)
            return known
        try:
            ids = read_ids(*pair)
        except ValueError as error:
            return str(error)
        cache.put(*pair, stamps, ids)
        if ids <= allowed:
            return ids
        advice = describe_wrong_ids(
            ids - allowed, num_classes, reduce_zero_label
        )
        return f'{pair[1]}: {advice}'

    try:  # Pillow lets go of the interpreter lock while it decodes
        found = look_at_files(
            look, pairs, f'checking labels of {where}', show_progress
        )
    finally:  # after Ctrl-C the next start goes on from here
        cache.save()
    if reused:
        print_log(
            f'{where}: {len(reused)} of {len(pairs)} label maps are the same '
            f'files as in an earlier start, and were not read ({cache.path}).',
            logger='current',
        )
    raise_problems(where, [f for f in found if isinstance(f, str)])
    ids = {i for one in found if isinstance(one, set) for i in one}
    # One process may have drawn the files of one class.
    enough = min(num_classes, 2)
    for pair in others if pairs else ():
        if len(classes_of(ids, *meaning)) >= enough:
            break
        more = look(pair)
        ids |= more if isinstance(more, set) else set()
    classes = classes_of(ids, *meaning)
    if not pairs or len(classes) >= enough:
        return
    problem = describe_useless(ids, *meaning)
    if problem and for_training:
        raise ValueError(f'{where}: {problem}')
    problem = problem or (
        f'no class but {min(classes)} occurs in the label maps (found: '
        f'{", ".join(map(str, sorted(ids)))})'
    )
    warnings.warn(f'{where}: {problem}', stacklevel=2)
