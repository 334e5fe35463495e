"""Where a folder's label maps come from: pictures, COCO or YOLO."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from .coco import CocoTruth, find_coco, pair_coco, read_coco
from .files import File
from .found import LabelsFound
from .legend import Legend, find_legends
from .pairing import Roles
from .splitting import Divided, divide, finish
from .terms import Kind
from .truth import PictureTruth, Truth
from .yolo import YoloTruth, find_yolo


class Source(NamedTuple):
    """Labels that are no pictures.

    Attributes:
        kind: 'coco' or 'yolo'.
        divided: pairs by split.
        truth: reads the label maps.
        legend: the file that names YOLO's classes.
    """

    kind: Kind
    divided: Divided
    truth: CocoTruth | YoloTruth
    legend: Legend | None = None


def find_outlines(
    folder: Path, files: Sequence[File], roles: Roles
) -> Source | None:
    """Outlines in JSON or in text files, if a folder has them.

    Raises:
        FolderError: they are there and cannot be used.
    """
    coco = find_coco(folder, files)
    if coco:
        truth = CocoTruth(folder, coco)
        pairs, splits, notes = pair_coco(folder, coco, roles.images)
        spare = len(roles.images) - len({pair.image for pair in pairs})
        divided = finish(pairs, splits, spare, 'folders and JSON files')
        return Source('coco', divided._replace(notes=notes), truth)
    texts = find_yolo(files, roles.images)
    if not texts:
        return None
    divided = divide(folder, files, roles.images, texts, 'segmentation')
    pairs = [pair for found in divided.pairs.values() for pair in found]
    if not pairs:
        return None
    legend = next(iter(find_legends(folder, files)), None)
    truth_of_texts = YoloTruth(folder, pairs, legend)
    return Source('yolo', divided, truth_of_texts, legend)


def open_truth(found: LabelsFound) -> Truth:
    """What reads the label maps of a folder that was understood."""
    if found.style is not None:
        return PictureTruth(found.folder, found.style)
    pairs = [pair for split in found.pairs.values() for pair in split]
    if found.kind == 'coco':
        names = sorted({pair.truth for pair in pairs})
        return CocoTruth(found.folder, read_coco(found.folder, names))
    return YoloTruth(found.folder, pairs, found.legend)
