"""Annotations in COCO's JSON: polygons and run lengths, as label maps.

Pixels without annotation are class 0, `background`; a crowd counts like its
class; smaller objects lie on larger ones; a box without outline is ignored.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from ...datasets.label_ids import IGNORED
from ...fileio.text import read_text
from .classes import BACKGROUND, Classes, check_classes, make_palette
from .files import File, describe_file
from .images import Size
from .lists import Names
from .outlines import decode_runs, fill_polygon, points_of, stack
from .terms import FolderError, Pair
from .truth import Codes
from .words import read_part

NAMED = re.compile(r'(instances|.*annotations?|.*coco|.*labels?).*')
OTHERS = re.compile(r'(captions|person_keypoints|image_info|panoptic)_.*')
MOST = 50  # JSON files of any name that are looked into


@dataclass(frozen=True)
class CocoFile:
    """One file of annotations.

    Attributes:
        path: below the folder.
        split: of its name or folder, or ''.
        images: by id.
        annotations: by id of the image.
        categories: names by id.
    """

    path: str
    split: str
    images: dict[int, dict[str, Any]]
    annotations: dict[int, list[dict[str, Any]]]
    categories: dict[int, str]


def find_coco(folder: Path, files: Sequence[File]) -> list[CocoFile]:
    """The files of annotations in a folder.

    Raises:
        FolderError: one is damaged, or leads out of the folder.
    """
    candidates = [f for f in files if f.suffix == '.json']
    candidates = [f for f in candidates if not OTHERS.fullmatch(f.name)]
    named = [f for f in candidates if NAMED.fullmatch(f.name)]
    instances = [f for f in named if f.name.startswith('instances_')]
    rest = candidates if len(candidates) <= MOST else []
    found = []
    for file in instances or named or rest:
        try:
            data = json.loads(read_text(folder / file.path))
        except (ValueError, RecursionError) as error:
            if file not in named:
                continue
            raise FolderError(
                f'{folder / file.path}: no JSON ({error}); copy or export '
                'it again'
            ) from None
        keys = ('images', 'annotations', 'categories')
        if isinstance(data, dict) and all(
            isinstance(data.get(key), list) for key in keys
        ):
            found.append(_parse(folder, file, data))
    return found


def read_coco(folder: Path, names: Sequence[str]) -> list[CocoFile]:
    """Files of annotations that were found before.

    Raises:
        FolderError: one is damaged.
    """
    return find_coco(folder, [describe_file(name) for name in names])


def _parse(folder: Path, file: File, data: dict[str, Any]) -> CocoFile:
    path = folder / file.path
    try:
        images = {image['id']: image for image in data['images']}
        categories = {c['id']: str(c['name']) for c in data['categories']}
        annotations = defaultdict(list)
        for one in data['annotations']:
            annotations[one['image_id']].append(one)
            if one['category_id'] not in categories:
                raise FolderError(
                    f'{path}: annotation {one.get("id")} has the category '
                    f'{one["category_id"]}, which `categories` does not '
                    'name; add it there'
                )
        for image in images.values():
            name = PurePosixPath(str(image['file_name']).replace('\\', '/'))
            if name.is_absolute() or '..' in name.parts:
                raise FolderError(
                    f'{path}: file_name {image["file_name"]!r} leads out of '
                    'the folder; name images below it'
                )
    except (KeyError, TypeError) as error:
        raise FolderError(
            f'{path}: images, annotations or categories are not as in COCO '
            f'({type(error).__name__}: {error}); export it again as COCO '
            'segmentation'
        ) from None
    split = file.split or read_part(file.name).split
    return CocoFile(file.path, split, images, dict(annotations), categories)


def pair_coco(
    folder: Path, coco: Sequence[CocoFile], images: Sequence[File]
) -> tuple[list[Pair], list[str], tuple[str, ...]]:
    """Images with their annotations, the split of each, and notes.

    Raises:
        FolderError: not one image of a file is there.
    """
    pairs, splits, notes = [], [], []
    for one in coco:
        near = PurePosixPath(one.path).parent.as_posix()
        same = [i for i in images if i.split in (one.split, '')]
        names = Names(same if one.split and same else images)
        gone = []
        for number, image in one.images.items():
            name = str(image['file_name'])
            file = names.find(name, near, ('image', ''))
            if file is None:
                gone.append(name)
                continue
            pairs.append(Pair(file.path, one.path, number))
            splits.append(one.split or file.split)
        if len(gone) == len(one.images):
            named = f' (it names {gone[0]})' if gone else ''
            raise FolderError(
                f'{folder / one.path}: none of its {len(one.images)} images '
                f'is in the folder{named}; put them beside it or into images/'
            )
        if gone:
            notes.append(
                f'{len(gone)} of {len(one.images)} images of {one.path} are '
                f'not there ({gone[0]}): left out'
            )
    return pairs, splits, tuple(notes)


class CocoTruth:
    """Label maps of annotations.

    Args:
        folder: the user's.
        coco: its files of annotations.

    Raises:
        FolderError: boxes alone.
    """

    def __init__(self, folder: Path, coco: Sequence[CocoFile]) -> None:
        self._folder = folder
        self._files = {one.path: one for one in coco}
        all_annotations = [
            annotation
            for one in coco
            for found in one.annotations.values()
            for annotation in found
        ]
        if not any(a.get('segmentation') for a in all_annotations):
            raise FolderError(
                f'{folder / coco[0].path}: boxes without outlines '
                f'({len(all_annotations)} annotations), which do not say '
                'which pixels belong to an object; export polygons or masks '
                '(COCO segmentation)'
            )
        used = {a['category_id'] for a in all_annotations}
        named: dict[int, str] = {}
        for one in coco:
            for number, name in one.categories.items():
                # Exports put a name of all classes first, which nothing has.
                if number in used and named.setdefault(number, name) != name:
                    raise FolderError(
                        f'{folder / one.path}: category {number} is {name!r} '
                        f'here and {named[number]!r} in {coco[0].path}; '
                        'number them alike'
                    )
        others = [
            number
            for number in sorted(named)
            if named[number].lower() != BACKGROUND
        ]
        self._ids = dict.fromkeys(named, 0)
        self._ids |= {number: i for i, number in enumerate(others, 1)}
        self.names = (BACKGROUND, *(named[number] for number in others))

    def read(self, pair: Pair, size: Size) -> Codes:
        """The label map of an image, see `truth.Truth`."""
        one = self._files[pair.truth]
        image = one.images[pair.number]
        where = f'{self._folder / one.path}, image {image["file_name"]}'
        said = image.get('height', size[0]), image.get('width', size[1])
        if said != size:
            raise ValueError(
                f'{where}: {said[1]}x{said[0]} pixels in the JSON, but the '
                f'file has {size[1]}x{size[0]} (width x height); export the '
                'annotations of these very images (a photo that is turned by '
                'its Exif orientation alone: save it upright first)'
            )
        layers = []
        for annotation in one.annotations.get(pair.number, ()):
            number = self._ids[annotation['category_id']]
            try:
                layers.append(_layer(annotation, number, size))
            except (ValueError, TypeError) as error:
                raise ValueError(
                    f'{where}, annotation {annotation.get("id")}: {error}; '
                    'mend or remove it'
                ) from None
        return Codes(stack(layers, size), False)

    def classes(self, counts: Counter) -> Classes:
        """What the ids mean, see `truth.Truth`."""
        return of_objects(self.names, counts, self._folder, 'from the JSON')


def of_objects(
    names: Sequence[str], counts: Counter, folder: Path, source: str
) -> Classes:
    """Classes of objects on a background, whose ids are final.

    Raises:
        FolderError: see `check_classes`.
    """
    mapping = {i: i for i in range(len(names))} | {IGNORED: IGNORED}
    palette = tuple(make_palette(len(names)))
    found = Classes(tuple(names), palette, mapping, source)
    return check_classes(found, counts, folder)


def _layer(
    annotation: dict[str, Any], number: int, size: Size
) -> tuple[int, np.ndarray]:
    """Id and pixels of an object."""
    outline = annotation.get('segmentation')
    if isinstance(outline, dict):
        return number, decode_runs(outline, size)
    if outline:
        mask = np.zeros(size, bool)
        for polygon in outline:
            mask |= fill_polygon(points_of(polygon), size)
        return number, mask
    x, y, width, height = annotation.get('bbox') or (0, 0, 0, 0)
    corners = [x, y, x + width, y, x + width, y + height, x, y + height]
    return IGNORED, fill_polygon(points_of(corners), size)
