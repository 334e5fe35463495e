"""What the page shows of a prediction: maps no larger than a screen."""

from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

import cv2
import numpy as np

from ..prediction.depth import move_intrinsics
from ..prediction.result import Prediction
from ..visualization.depth_colours import depth_range, is_known
from ..visualization.depth_panel_visualizer import crop_image
from ..visualization.point_cloud import coloured_points, encode_ply
from .camera import camera_of
from .ramps import find_ramps

LONGEST = 1280  # pixels of a side that is shown
MOST_POINTS = 250_000


@dataclass
class View:
    """A prediction, made smaller.

    Attributes:
        size: (height, width) of the picture, pixels.
        predicted: that of what the model was given: as a rule the same.
        image: (h, w, 3) uint8 RGB.
        labels: (h, w) uint16, or None.
        confidence: (h, w) uint8, in 255ths, or None.
        shares: class -> share of the pixels, of those that occur.
        depth: (a, b) float32 metres, or None.
        box: where in `predicted` the depth lies: top, left, height, width.
        max_depth: of the model, metres.
        angle: degrees that the camera sees from left to right.
        angle_is_known: whether the file says it.
    """

    size: tuple[int, int]
    predicted: tuple[int, int]
    image: np.ndarray
    labels: np.ndarray | None
    confidence: np.ndarray | None
    shares: dict[int, float]
    depth: np.ndarray | None
    box: tuple[int, int, int, int]
    max_depth: float | None
    angle: float
    angle_is_known: bool

    def describe(self) -> dict[str, Any]:
        """What the page has to know before it asks for the maps."""
        facts: dict[str, Any] = dict(
            size=self.size,
            predicted=self.predicted,
            shown=self.image.shape[:2],
            shares=sorted(
                self.shares.items(), key=lambda item: item[1], reverse=True
            ),
            has_labels=self.labels is not None,
            has_confidence=self.confidence is not None,
            depth=None,
        )
        if self.depth is not None:
            known = self.depth[is_known(self.depth)]
            height, width = self.predicted
            top, left, rows, columns = self.box
            facts['depth'] = dict(
                size=self.depth.shape,
                place=[
                    *(top / height, left / width),
                    *(rows / height, columns / width),
                ],
                nearest=float(known.min()) if known.size else None,
                farthest=float(known.max()) if known.size else None,
                ranges=[
                    depth_range(wanted, self.max_depth, self.depth)
                    for wanted in ('percentile', 'max_depth')
                ],
                angle=round(self.angle, 1),
                angle_is_known=self.angle_is_known,
            )
        return facts

    def points(self, angle: float) -> bytes:
        """The point cloud for the screen: thinned out, without ramps.

        Args:
            angle: see `camera_of`.

        Returns:
            float32: the distance of neighbouring points at 1 m, metres; N
            times x, y, z as float32 (metres; right, down, forward), then N
            times R, G, B as uint8; all little-endian.

        Raises:
            ValueError: no depth, or no such camera.
        """
        image, depth, camera = self._scene(angle)
        step = ceil(sqrt(depth.size / MOST_POINTS))
        points, colours = coloured_points(
            image[::step, ::step],
            depth[::step, ::step],
            [value / step for value in camera],
        )
        spacing = np.array([step / camera[0]], '<f4')
        return (
            spacing.tobytes()
            + points.astype('<f4').tobytes()
            + colours.tobytes()
        )

    def ply(self, angle: float) -> bytes:
        """The point cloud as a file, a point a pixel, without ramps.

        Raises:
            ValueError: see `points`.
        """
        return encode_ply(*self._scene(angle))

    def _scene(
        self, angle: float
    ) -> tuple[np.ndarray, np.ndarray, tuple[float, ...]]:
        """Image and depth of one size, 0 at ramps, and their camera."""
        if self.depth is None:
            raise ValueError('This model predicts no depth, so no points')
        camera = move_intrinsics(camera_of(angle, *self.predicted), self.box)
        rows, columns = self.depth.shape
        down, right = rows / self.box[2], columns / self.box[3]
        fx, fy, cx, cy = camera
        moved = (
            *(fx * right, fy * down),
            *((cx + 0.5) * right - 0.5, (cy + 0.5) * down - 0.5),
        )
        ramps = find_ramps(self.depth, moved[0])
        return self._depth_image(), np.where(ramps, 0, self.depth), moved

    def _depth_image(self) -> np.ndarray:
        """The part of the image where depth is, of the depth's size."""
        assert self.depth is not None
        scale = np.divide(self.image.shape[:2], self.predicted)
        top, left, rows, columns = (
            round(value * part)
            for value, part in zip(self.box, [*scale, *scale], strict=True)
        )
        part = crop_image(self.image, (top, left, rows, columns))
        size = self.depth.shape[::-1]
        if part.shape[1::-1] == size:
            return part
        return cv2.resize(part, size, interpolation=cv2.INTER_AREA)


def make_view(
    result: Prediction,
    size: tuple[int, int],
    max_depth: float | None,
    angle: tuple[float, bool],
) -> View:
    """What the page shows of a prediction.

    Args:
        result: of one image.
        size: (height, width) of the picture that the image was made of.
        max_depth: of the model.
        angle: see `read_view_angle`.
    """
    # What a model does not predict is an AttributeError.
    labels = getattr(result, 'labels', None)
    shares = {}
    if labels is not None:
        counts = np.bincount(labels.ravel())
        shares = {
            int(i): float(counts[i] / labels.size)
            for i in np.flatnonzero(counts)
        }
    confidence = getattr(result, 'confidence', None)
    if confidence is not None:
        confidence = shown(confidence)
        confidence = (confidence * 255 + 0.5).astype(np.uint8)
    depth, box = getattr(result, 'depth', None), (0, 0, *result.size)
    if depth is not None:
        depth, box = shown(depth).astype('<f4'), result.crop_box
    image = result.image
    height, width = shown_size(*image.shape[:2])
    if image.shape[:2] != (height, width):
        image = cv2.resize(
            image, (width, height), interpolation=cv2.INTER_AREA
        )
    return View(
        size=size,
        predicted=result.size,
        image=image,
        labels=None if labels is None else shown(labels).astype('<u2'),
        confidence=confidence,
        shares=shares,
        depth=depth,
        box=box,
        max_depth=max_depth,
        angle=angle[0],
        angle_is_known=angle[1],
    )


def shown_size(height: int, width: int) -> tuple[int, int]:
    """(height, width) on the page, of an image's; no larger than it."""
    scale = min(1, LONGEST / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def shown(values: np.ndarray) -> np.ndarray:
    """(H, W) at `shown_size`: of each place one value, and none mixed."""
    rows, columns = (
        ((np.arange(small) + 0.5) * large / small).astype(int)
        for small, large in zip(
            shown_size(*values.shape), values.shape, strict=True
        )
    )
    return values[np.ix_(rows, columns)]
