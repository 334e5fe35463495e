"""Words that all of this room share; nothing here reads files."""

from typing import Literal, NamedTuple

Task = Literal['segmentation', 'depth']
Kind = Literal['ids', 'binary 0/255', 'colours', 'coco', 'yolo']
Reading = Literal['values', 'ends', 'threshold', 'colours']
SPLITS = ('train', 'val', 'test')
Colour = tuple[int, int, int]


class FolderError(ValueError):
    """A folder that cannot be used as it is: one sentence with the fix."""


class Pair(NamedTuple):
    """An image and its truth.

    Attributes:
        image: path below the folder, with `/`.
        truth: likewise: a picture or array, a JSON file (COCO) or a text
            file (YOLO).
        number: id of the image in a JSON file; -1 elsewhere.
    """

    image: str
    truth: str
    number: int = -1
