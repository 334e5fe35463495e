"""YOLO's text files of polygons, `class x1 y1 x2 y2 ...`, as label maps.

Coordinates are shares of width and height. Pixels without polygon are class
0, `background`; smaller objects lie on larger ones; a box is ignored.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...datasets.label_ids import IGNORED
from ...datasets.threads import run_jobs
from ...fileio.text import read_lines
from .classes import BACKGROUND, Classes
from .coco import of_objects
from .files import File
from .images import Size
from .legend import Legend
from .outlines import fill_polygon, points_of, stack
from .terms import FolderError, Pair
from .truth import Codes

BOX = 5  # numbers of a line
SLACK = 0.01  # that outlines may reach over the border


class Object(NamedTuple):
    """One line.

    Attributes:
        number: of the class, from 0.
        points: (N, 2) of x and y, from 0 to 1.
        is_box: whether it is centre and size of a box.
    """

    number: int
    points: np.ndarray
    is_box: bool


def find_yolo(files: Sequence[File], images: Sequence[File]) -> list[File]:
    """Text files that are called as images are."""
    names = {image.name for image in images}
    return [f for f in files if f.suffix == '.txt' and f.name in names]


def read_objects(path: Path) -> list[Object]:
    """The objects of a file; none of an empty one.

    Raises:
        ValueError: no such file, or other lines.
    """
    found = []
    for number, line in enumerate(read_lines(path), 1):
        where = f'{path}, line {number}'
        try:
            values = [float(word) for word in line.split()]
            is_box = len(values) == BOX
            if is_box:
                x, y, width, height = values[1:]
                left, top = x - width / 2, y - height / 2
                right, bottom = x + width / 2, y + height / 2
                corners = [left, top, right, top, right, bottom, left, bottom]
                points = points_of(corners)
            else:
                points = points_of(values[1:])
            if values[0] != int(values[0]) or values[0] < 0:
                raise ValueError(f'the class {line.split()[0]}')
        except (ValueError, OverflowError, IndexError) as error:
            raise ValueError(
                f'{where}: {error}; wanted `class x1 y1 x2 y2 x3 y3 ...`, '
                'coordinates from 0 to 1'
            ) from None
        if points.min() < -SLACK or points.max() > 1 + SLACK:
            raise ValueError(
                f'{where}: coordinates of {points.min():.4g} to '
                f'{points.max():.4g}; wanted shares of width and height, '
                'from 0 to 1: divide by the image size'
            )
        found.append(Object(int(values[0]), points, is_box))
    return found


class YoloTruth:
    """Label maps of text files.

    Args:
        folder: the user's.
        pairs: of images and text files, all splits.
        legend: data.yaml or classes.txt, if there.

    Raises:
        FolderError: a file is damaged; boxes alone; a class without a name.
    """

    def __init__(
        self, folder: Path, pairs: Sequence[Pair], legend: Legend | None
    ) -> None:
        self._folder = folder
        paths = sorted({pair.truth for pair in pairs})
        found = run_jobs(
            lambda path: read_objects(folder / path),
            paths,
            'reading outlines',
        )
        self._objects: dict[str, list[Object]] = {}
        for path, objects in zip(paths, found, strict=True):
            if isinstance(objects, str):
                raise FolderError(objects)
            self._objects[path] = objects
        every = [(p, o) for p, found in self._objects.items() for o in found]
        if every and all(o.is_box for _, o in every):
            raise FolderError(
                f'{folder / every[0][0]}: boxes (5 numbers a line), which do '
                'not say which pixels belong to an object; export polygons '
                '(YOLO segmentation: class x1 y1 x2 y2 ...)'
            )
        used = max((o.number for _, o in every), default=-1) + 1
        names = [f'class {i}' for i in range(used)]
        self._source = 'no names given'
        if legend:
            named = {entry.id: entry.name for entry in legend.entries}
            wrong = [(p, o) for p, o in every if o.number not in named]
            if wrong:
                raise FolderError(
                    f'{folder / wrong[0][0]}: class {wrong[0][1].number}, '
                    f'but {legend.file} names {len(named)} classes (0..'
                    f'{max(named)}); add its name there'
                )
            names = [named[i] for i in sorted(named)]
            self._ids = {i: n for n, i in enumerate(sorted(named), 1)}
            self._source = legend.file
        else:
            self._ids = {i: i + 1 for i in range(used)}
        self.names = (BACKGROUND, *names)

    def read(self, pair: Pair, size: Size) -> Codes:
        """The label map of an image, see `truth.Truth`."""
        layers = []
        for one in self._objects[pair.truth]:
            points = one.points * size[::-1]
            number = IGNORED if one.is_box else self._ids[one.number]
            layers.append((number, fill_polygon(points, size)))
        return Codes(stack(layers, size), False)

    def classes(self, counts: Counter) -> Classes:
        """What the ids mean, see `truth.Truth`."""
        return of_objects(self.names, counts, self._folder, self._source)
