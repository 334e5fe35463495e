"""Which file of a folder is an image, and which one is its truth."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import NamedTuple

from .files import ARRAYS, File
from .terms import FolderError
from .words import Role

TRUTHS = ('label', 'depth', 'gt')
LOSSY = ('.jpg', '.jpeg', '.jpe', '.jfif')
Key = tuple[tuple[str, ...], str]


class Roles(NamedTuple):
    """The pictures and arrays of a folder.

    Attributes:
        images: that may be trained on.
        truths: by role: 'label', 'depth', 'gt'.
    """

    images: list[File]
    truths: dict[Role, list[File]]


def sort_roles(files: Sequence[File]) -> Roles:
    """Tell images from truth, by the names of folders and files.

    A folder says what lies in it (`images`, `masks`, `rgb`, `depth`). Where
    it does not, a file with a usual addition (`a_mask.png`) is the truth of
    the image that is called so without it (`a.jpg`), and so is a lossless
    picture or an array beside a JPEG of the same name.
    """
    usable = [
        f
        for f in files
        if (f.is_picture or f.suffix in ARRAYS)
        and 'other' not in (f.role, f.stem.role)
    ]
    truths: dict[Role, list[File]] = defaultdict(list)
    side = []
    for file in usable:
        if file.role in TRUTHS:
            truths[file.role].append(file)
        else:
            side.append(file)
    named = {
        (f.place, key)
        for f in side
        if f.stem.role not in TRUTHS
        for key in (f.name, f.stem.key)
    }
    names = {key for _, key in named}
    lossy = {(f.place, f.name) for f in side if f.suffix in LOSSY}
    images: list[File] = []
    beside: list[File] = []  # lossless, with a JPEG of the same name
    for file in side:
        role = file.stem.role
        key = file.stem.key
        has_image = (file.place, key) in named
        if not file.role:  # in a folder whose name says nothing
            has_image |= key in names
        if role in TRUTHS and has_image:
            truths[role].append(file)
        elif not file.is_picture:
            truths['gt'].append(file)
        elif file.suffix not in LOSSY and (file.place, file.name) in lossy:
            beside.append(file)
        else:
            images.append(file)
    if truths:
        images = sorted([*images, *beside], key=lambda f: f.path)
    elif beside:
        truths['gt'] = beside
    if any(f.role == 'image' for f in images):
        rest = [f for f in images if f.role != 'image']
        images = [f for f in images if f.role == 'image']
        if not truths:  # a folder of another name: the files tell
            truths['gt'] = [_as_truth(f) for f in rest if len(f.place)]
    return Roles(images, {role: found for role, found in truths.items()})


def _as_truth(file: File) -> File:
    parents = PurePosixPath(file.path).parts[:-1]
    return replace(file, group=parents, place=())


def match(
    images: Sequence[File], truths: Sequence[File]
) -> list[tuple[File, File]]:
    """Images with the truth of their name, in order of the images.

    Names count below the folders that say the role; where not one is found
    so, and no name comes twice, without any folder.

    Raises:
        FolderError: several truths for an image, or several images for one
            truth.
    """
    for key in (_by_place, _by_name):
        found = _match(images, truths, key)
        if found:
            return _choose(found)
    return []


def _by_place(file: File, name: str) -> Key:
    return file.place, name


def _by_name(file: File, name: str) -> Key:
    return (), name


def _match(
    images: Sequence[File],
    truths: Sequence[File],
    key: Callable[[File, str], Key],
) -> dict[File, list[File]]:
    index: dict[Key, list[File]] = {}
    for name_of in (_name, _key):
        fresh: dict[Key, list[File]] = defaultdict(list)
        for image in images:
            fresh[key(image, name_of(image))].append(image)
        for where, found in fresh.items():
            index.setdefault(where, found)
    pairs: dict[File, list[File]] = defaultdict(list)
    for truth in truths:
        for name_of in (_name, _key):
            found = index.get(key(truth, name_of(truth)), [])
            if len(found) > 1:
                if key is _by_name:
                    return {}
                raise FolderError(
                    f'{found[0].path} and {found[1].path}: two images of one '
                    f'name, and {truth.path} is the truth of one of them; '
                    'leave one of the two images'
                )
            if found:
                pairs[found[0]].append(truth)
                break
    return {image: pairs[image] for image in images if image in pairs}


def _name(file: File) -> str:
    return file.name


def _key(file: File) -> str:
    return file.stem.key


def _choose(found: dict[File, list[File]]) -> list[tuple[File, File]]:
    """One truth for each image: ids rather than their coloured pictures."""
    chosen = []
    for image, truths in found.items():
        ranked = sorted(truths, key=lambda t: (_rank(t), t.path))
        if len(ranked) > 1 and _rank(ranked[0]) == _rank(ranked[1]):
            one, other = ranked[:2]
            raise FolderError(
                f'{one.path} and {other.path}: both could be the truth of '
                f'{image.path}; move {_place_of(other)} out of the folder, '
                'or the other one'
            )
        chosen.append((image, ranked[0]))
    return chosen


def _rank(truth: File) -> int:
    words = f'{"/".join(truth.group)} {truth.stem.addition}'.lower()
    if 'labeltrainids' in words:
        return 0
    if 'labelids' in words:
        return 1
    return 3 if 'color' in words or 'rgb' in words else 2


def _place_of(file: File) -> str:
    parent = PurePosixPath(file.path).parent.as_posix()
    return file.path if parent == '.' else f'{parent}/'


def describe_no_match(
    images: Iterable[File], truths: Iterable[File], kind: str
) -> str:
    """Names that do not match, one of each."""
    image, truth = next(iter(images)), next(iter(truths))
    return (
        f'no image has a {kind} of its name: the first image is '
        f'{image.path}, the first {kind} {truth.path}; call them alike '
        f'(a.jpg and a.png, or a_{"depth" if kind == "depth map" else "mask"}'
        '.png), or give train.txt and val.txt with lines `image truth`'
    )
