"""Pictures of depth: image | truth | prediction | relative error, with bars.

Numpy in, numpy out: images (H, W, 3) uint8 RGB, depth (h, w) metres with 0
or NaN where it is not known, of the image's size or of another one.
"""

import cv2
import numpy as np

from .depth_colours import (
    colour_depth,
    colour_error,
    depth_bar,
    error_bar,
    is_known,
)
from .panels import side_by_side, stack

PANEL_WIDTH = 800  # pixels at most
ROW_WIDTH = 2400  # pixels; panels that need more come two in a row
SPREAD = 1.5  # radius of a measured point, pixels of the picture


def draw_depth(
    image: np.ndarray | None,
    limits: tuple[float, float],
    truth: np.ndarray | None = None,
    prediction: np.ndarray | None = None,
) -> np.ndarray:
    """The panels, each over its colour bar; those without data are left out.

    Maps are brought to the image's size without mixing depths, panels to at
    most 800 pixels of width, two in a row if four would need more than 2400.
    Measured points are drawn 3 pixels wide, or LiDAR would be invisible. The
    error is that of `relative_error`.

    Args:
        image: (H, W, 3), or None where there are maps alone.
        limits: Depths of the first and the last colour, metres.
        truth: (h, w).
        prediction: (h, w).

    Returns:
        (h, w, 3) uint8 RGB.

    Raises:
        ValueError: nothing to draw.
    """
    given = [part for part in (image, truth, prediction) if part is not None]
    if not given:
        raise ValueError('no image and no depth: there is nothing to draw.')
    height, width = given[0].shape[:2]
    shrink = max(1.0, width / PANEL_WIDTH)
    size = round(width / shrink), max(1, round(height / shrink))
    bar = depth_bar(*limits, size[0])
    panels = {}
    if image is not None:
        panels['image'] = (
            cv2.resize(image, size, interpolation=cv2.INTER_AREA),
            np.full_like(bar, 255),
        )
    for title, depth in (('truth', truth), ('prediction', prediction)):
        if depth is not None:
            shown = fit_map(np.where(is_known(depth), depth, np.nan), size)
            panels[title] = colour_depth(shown, *limits), bar
    if truth is not None and prediction is not None:
        shown = fit_map(relative_error(truth, prediction), size)
        title = 'relative error (red: too far)'
        panels[title] = colour_error(shown), error_bar(size[0])
    columns = {title: np.concatenate(parts) for title, parts in panels.items()}
    titles = list(columns)
    if len(titles) * size[0] <= ROW_WIDTH:
        return side_by_side(columns)
    rows = [
        side_by_side({title: columns[title] for title in row})
        for row in (titles[:2], titles[2:])
    ]
    return stack(*rows)


def relative_error(truth: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """(prediction - truth) / truth in per cent, NaN where one is not known.

    Args:
        truth: (H, W), metres.
        prediction: (h, w), metres; of another size it is resized.

    Returns:
        (H, W).
    """
    if prediction.shape != truth.shape:
        prediction = cv2.resize(prediction, truth.shape[::-1])
    known = is_known(truth) & is_known(prediction)
    ratio = prediction / np.where(known, truth, 1)
    return np.where(known, 100 * (ratio - 1), np.nan)


def spread_points(values: np.ndarray, radius: float) -> np.ndarray:
    """Fill what is not known (NaN) with the nearest value within `radius`.

    Args:
        values: (H, W).
        radius: Pixels.

    Returns:
        (H, W).
    """
    known = np.isfinite(values)
    if known.all() or not known.any():
        return values
    distance, labels = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8),
        cv2.DIST_L2,
        cv2.DIST_MASK_5,
        labelType=cv2.DIST_LABEL_PIXEL,
    )
    value_of_label = np.empty(labels.max() + 1, values.dtype)
    value_of_label[labels[known]] = values[known]
    return np.where(distance <= radius, value_of_label[labels], np.nan)


def fit_map(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Values (h, w) at `size` (width, height), each point big enough to see.

    NaN is not known. Neighbouring values are never mixed.
    """
    scale = max(values.shape[1] / size[0], values.shape[0] / size[1], 1.0)
    values = spread_points(values, SPREAD * scale)
    return cv2.resize(values, size, interpolation=cv2.INTER_NEAREST)
