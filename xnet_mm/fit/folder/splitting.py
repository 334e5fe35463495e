"""Pairs of a folder divided into train, val and test."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ...datasets.split_file import NO_TRUTH
from .files import File
from .lists import Names, find_lists, read_rows
from .pairing import match
from .splits import make_split
from .terms import SPLITS, FolderError, Pair, Task

ROLES: dict[Task, tuple[str, ...]] = {
    'segmentation': ('label', 'gt', ''),
    'depth': ('depth', 'gt', ''),
}


class Divided(NamedTuple):
    """Pairs by split.

    Attributes:
        pairs: by 'train', 'val' and 'test', each in order.
        made: whether validation images were chosen here.
        why: in words.
        without_truth: images left out.
        notes: what the user should know.
    """

    pairs: dict[str, tuple[Pair, ...]]
    made: bool
    why: str
    without_truth: int
    notes: tuple[str, ...] = ()


def divide(
    folder: Path,
    files: Sequence[File],
    images: Sequence[File],
    truths: Sequence[File],
    task: Task,
) -> Divided:
    """Pair images and truth, and divide the pairs.

    Lists (train.txt, val.txt) come first, then folders (train/, val/); where
    there is no validation, some of training is chosen for it.

    Raises:
        FolderError: see `match`; or a list names what is not there.
    """
    lists = find_lists(files)
    if lists:
        return _by_lists(folder, files, images, truths, lists, task)
    matched = match(images, truths)
    splits = [image.split or truth.split for image, truth in matched]
    pairs = [Pair(image.path, truth.path) for image, truth in matched]
    return finish(pairs, splits, len(images) - len(pairs), 'folders')


def finish(
    pairs: Sequence[Pair],
    splits: Sequence[str],
    without_truth: int,
    source: str,
) -> Divided:
    """Divide pairs of which some may have a split.

    Args:
        pairs: all.
        splits: of each, '' where it has none.
        without_truth: see `Divided`.
        source: of the splits, in words.
    """
    by_split: dict[str, list[Pair]] = {split: [] for split in SPLITS}
    for pair, split in zip(pairs, splits, strict=True):
        by_split[split or 'train'].append(pair)
    if not by_split['train'] and (by_split['val'] or by_split['test']):
        larger = max(('val', 'test'), key=lambda s: len(by_split[s]))
        by_split['train'] = by_split.pop(larger)
        by_split[larger] = []
    ordered = {split: tuple(sorted(by_split[split])) for split in SPLITS}
    given = [split for split in SPLITS if ordered[split]]
    why = f'as the {source} say ({", ".join(given)})'
    made = not ordered['val'] and len(ordered['train']) > 1
    if made:
        train = ordered['train']
        chosen = make_split([pair.image for pair in train])
        ordered['train'] = tuple(
            pair for i, pair in enumerate(train) if i not in chosen.val
        )
        ordered['val'] = tuple(train[i] for i in sorted(chosen.val))
        why = chosen.why
        if ordered['test']:
            why += f'; test as the {source} say'
    return Divided(ordered, made, why, without_truth)


def _by_lists(
    folder: Path,
    files: Sequence[File],
    images: Sequence[File],
    truths: Sequence[File],
    lists: dict[str, File],
    task: Task,
) -> Divided:
    names = Names(files)
    rows = {split: read_rows(folder, file) for split, file in lists.items()}
    by_name = any(len(row) == 1 for found in rows.values() for row in found)
    matched = match(images, truths) if by_name else []
    partner = {image.path: truth for image, truth in matched}
    image_names = Names(images)
    pairs, splits, without = [], [], 0
    for split, file in lists.items():
        near = PurePosixPath(file.path).parent.as_posix()
        for row in rows[split]:
            image = image_names.find(row[0], near, ('image', ''))
            if image is None:
                raise FolderError(
                    f'{folder / file.path}: it names {row[0]}, but there is '
                    f'no such image below {folder}; mend the list, or remove '
                    'it'
                )
            truth = partner.get(image.path) if len(row) == 1 else None
            if len(row) == 2 and row[1] != NO_TRUTH:
                truth = names.find(row[1], near, ROLES[task])
                if truth is None:
                    raise FolderError(
                        f'{folder / file.path}: it names {row[1]}, but there '
                        f'is no such file below {folder}; mend the list, or '
                        'remove it'
                    )
            if truth is None:
                without += 1
                continue
            pairs.append(Pair(image.path, truth.path))
            splits.append(split)
    shown = ', '.join(file.path for file in lists.values())
    _check_twice(pairs, splits, folder, shown)
    divided = finish(pairs, splits, without, f'lists {shown}')
    listed = {pair.image for pair in pairs}
    spare = len(images) - len(listed) - without
    if spare > 0:
        note = f'{spare} images are in no list ({shown}): left out'
        return divided._replace(notes=(note,))
    return divided


def _check_twice(
    pairs: Sequence[Pair], splits: Sequence[str], folder: Path, shown: str
) -> None:
    seen: dict[str, str] = {}
    for pair, split in zip(pairs, splits, strict=True):
        if seen.setdefault(pair.image, split) != split:
            raise FolderError(
                f'{folder}: {pair.image} is in the lists of '
                f'{seen[pair.image]} and of {split} ({shown}); take it out '
                'of one'
            )
