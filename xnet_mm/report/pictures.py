"""Pictures of samples, small enough for a page, and a grid of them to share.

Images are (H, W, 3) uint8 RGB.
"""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import NamedTuple

import cv2
import numpy as np
from mmengine.structures import BaseDataElement
from PIL import Image

from ..datasets.channel_io import picture_reader
from ..visualization.depth_colours import colour_depth, colour_error, is_known
from ..visualization.depth_panel_visualizer import crop_image
from ..visualization.depth_panels import fit_map, relative_error
from ..visualization.panels import GAP, colour_labels, stack, titled
from .data import Split

WIDTH = 400  # pixels of a picture at most
CELL = 260  # pixels of a column of the grid
QUALITY = 82  # of JPEG
WRONG = (213, 40, 40)
RIGHT = (255, 255, 255)
FAINT = 0.25  # of the image below its errors


class Shown(NamedTuple):
    """An image with what belongs to it.

    Attributes:
        name: of its file.
        caption: figures in words.
        pictures: JPEG of each panel, by title.
    """

    name: str
    caption: str
    pictures: dict[str, bytes]


def read_picture(split: Split, sample: BaseDataElement) -> np.ndarray:
    """What people are shown of a sample's file, as its maps are cut."""
    read = picture_reader(split.transforms)
    image = read(sample.metainfo['img_path'])[..., ::-1]
    box = sample.metainfo.get('crop_box')
    return image if box is None else crop_image(image, box)


def small_size(shape: Sequence[int]) -> tuple[int, int]:
    """(width, height) of the picture of a map of `shape` (H, W, ...)."""
    height, width = shape[:2]
    shrink = max(1.0, width / WIDTH, height / (2 * WIDTH))
    return max(1, round(width / shrink)), max(1, round(height / shrink))


def shrink_image(image: np.ndarray) -> np.ndarray:
    """An image at the size of a picture."""
    return cv2.resize(
        np.ascontiguousarray(image),
        small_size(image.shape),
        interpolation=cv2.INTER_AREA,
    )


def shrink_labels(labels: np.ndarray) -> np.ndarray:
    """Labels (H, W) at the size of a picture, none of them mixed."""
    return cv2.resize(
        labels.astype(np.int32),
        small_size(labels.shape),
        interpolation=cv2.INTER_NEAREST,
    )


def draw_labels(labels: np.ndarray, palette: Sequence) -> np.ndarray:
    """Labels (H, W) in the colours of their classes, small."""
    return colour_labels(shrink_labels(labels), palette)


def draw_mistakes(
    image: np.ndarray, pred: np.ndarray, gt: np.ndarray, ignored: int
) -> np.ndarray:
    """Red where the class is wrong, black where nothing counts, small.

    Args:
        image: of any size; it shows through where the class is right.
        pred: classes, (H, W).
        gt: classes, (H, W).
        ignored: label of pixels that do not count.
    """
    pred, gt = shrink_labels(pred), shrink_labels(gt)
    grey = cv2.cvtColor(shrink_image(image), cv2.COLOR_RGB2GRAY)
    grey = cv2.resize(grey, gt.shape[::-1])[..., None]
    wrong = (pred != gt)[..., None]
    paint = np.where(
        wrong, np.array(WRONG, np.float32), np.array(RIGHT, np.float32)
    )
    share = np.where(wrong, FAINT / 2, FAINT).astype(np.float32)
    picture = (1 - share) * paint + share * grey
    picture[gt == ignored] = 0
    return np.rint(picture).astype(np.uint8)


def draw_depth_map(
    depth: np.ndarray, limits: tuple[float, float]
) -> np.ndarray:
    """Depth (H, W) in metres, 0 unknown, in colours, small."""
    known = np.where(is_known(depth), depth, np.nan).astype(np.float32)
    return colour_depth(fit_map(known, small_size(depth.shape)), *limits)


def draw_depth_error(truth: np.ndarray, pred: np.ndarray) -> np.ndarray:
    """The relative error of two maps (H, W) in metres, small."""
    error = relative_error(truth, pred).astype(np.float32)
    return colour_error(fit_map(error, small_size(truth.shape)))


def jpeg(picture: np.ndarray) -> bytes:
    """A file of a picture, without mixing colours of neighbours."""
    data = BytesIO()
    Image.fromarray(picture).save(
        data, 'JPEG', quality=QUALITY, subsampling=0, optimize=True
    )
    return data.getvalue()


def draw_grid(
    title: str,
    columns: Sequence[Mapping[str, np.ndarray]],
    legend: np.ndarray | None,
) -> np.ndarray:
    """A picture to share: a column an image, a row a panel.

    Args:
        title: above all.
        columns: panels of each image, by title; the same titles in all.
        legend: below all.
    """
    rows = []
    for name in columns[0]:
        panels = [_fitted(column[name], CELL) for column in columns]
        height = max(panel.shape[0] for panel in panels)
        parts = []
        for panel in panels:
            parts += [_gap(height), _low(panel, height)]
        rows.append(titled(np.concatenate(parts[1:], axis=1), name))
    picture = rows[0]
    for row in rows[1:]:
        picture = stack(stack(picture, _gap(GAP)), row)
    picture = titled(picture, title)
    if legend is not None:
        picture = stack(stack(picture, _gap(GAP)), legend)
    return np.pad(
        picture, [(GAP, GAP), (2 * GAP, 2 * GAP), (0, 0)], constant_values=255
    )


def _gap(height: int) -> np.ndarray:
    return np.full((height, GAP, 3), 255, np.uint8)


def _fitted(panel: np.ndarray, width: int) -> np.ndarray:
    """As wide as the others."""
    height = max(1, round(panel.shape[0] * width / panel.shape[1]))
    shrinks = panel.shape[1] > width
    how = cv2.INTER_AREA if shrinks else cv2.INTER_NEAREST
    return cv2.resize(panel, (width, height), interpolation=how)


def _low(panel: np.ndarray, height: int) -> np.ndarray:
    """As high as the others, filled up in white."""
    return np.pad(
        panel,
        [(0, height - panel.shape[0]), (0, 0), (0, 0)],
        constant_values=255,
    )
