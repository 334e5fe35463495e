"""What a model predicts for one image, as plain arrays, pictures and files."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.structures import BaseDataElement
from torch import Tensor

from ..checks import Camera, check_number
from ..fileio.atomic import write_atomically
from ..visualization.depth_panel_visualizer import crop_image
from ..visualization.point_cloud import coloured_points
from .depth import (
    Intrinsics,
    depth_of,
    move_intrinsics,
    read_camera,
)
from .files import PictureFiles, PredictionWriter, labels_of, write_npy
from .scores import class_numbers, class_probabilities
from .writers import Facts, writer_for

PICTURES = ('.png', '.jpg', '.jpeg', '.webp', '.bmp', '.tif', '.tiff')


class Prediction:
    """The prediction for one image.

    Everything is computed when it is asked for, and lies in numpy. What a
    model does not predict (the classes of a depth model, say) is an
    AttributeError that says so. The scores of all K classes are kept, K x H
    x W x 4 bytes on the CPU, until the prediction is dropped.

    Args:
        sample: the model's, on the CPU.
        image: (H, W, 3) uint8 BGR.
        facts: of the model.
        name: of the files that `save` writes.
        file: that the image is from, if any.

    Attributes:
        name: see above.
        file: see above.
    """

    def __init__(
        self,
        sample: BaseDataElement,
        image: np.ndarray,
        facts: Facts,
        name: str,
        file: Path | None = None,
    ) -> None:
        self._sample, self._image, self._facts = sample, image, facts
        self.name, self.file = name, file

    def __repr__(self) -> str:
        predicted = ', '.join(sorted(self._sample.keys()))
        return f'<Prediction {self.name}: {predicted} of {self.size}>'

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the image, in pixels."""
        return self._image.shape[0], self._image.shape[1]

    @property
    def image(self) -> np.ndarray:
        """The image itself, (H, W, 3) uint8 RGB, as pictures show it."""
        return np.ascontiguousarray(self._image[..., ::-1])

    @property
    def labels(self) -> np.ndarray:
        """(H, W) int64: the class of each pixel, its number in `classes`.

        Files have the ids of the label maps that the model was trained on.
        """
        self._want('pred_sem_seg', 'labels')
        return labels_of(self._sample)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, in the order of their numbers.

        Raises:
            AttributeError: no classes are predicted, or the checkpoint does
                not name them.
        """
        self._want('pred_sem_seg', 'classes')
        names = self._facts.meta.get('classes')
        if not names:
            raise AttributeError(
                f'{self._facts.checkpoint} does not name its classes; take a '
                'checkpoint that tools/train.py wrote'
            )
        return tuple(names)

    @property
    def confidence(self) -> np.ndarray:
        """(H, W) float32: the probability of each pixel's label."""
        if 'confidence' in self._sample:  # of a reduced one, without scores
            return self._sample.confidence.data.squeeze(0).numpy()
        self._want('seg_logits', 'confidence')
        found = self._probabilities()
        labels = torch.from_numpy(self.labels)[None]
        return found.gather(0, labels)[0].numpy()

    def probabilities(
        self, classes: Sequence[int | str] | None = None
    ) -> np.ndarray:
        """How likely each pixel is of each class.

        Args:
            classes: their numbers or names, in the order that is wanted;
                by default all.

        Returns:
            (K, H, W) float32, of all classes a sum of 1.

        Raises:
            AttributeError: no classes are predicted.
            ValueError: no such class.
        """
        self._want('seg_logits', 'probabilities')
        found = self._probabilities()
        if classes is None:
            return found.numpy()
        names = self._facts.meta.get('classes') or ()
        return found[class_numbers(classes, names, len(found))].numpy()

    @property
    def depth(self) -> np.ndarray:
        """(H, W) float32 metres.

        Where the test pipeline crops the image (KITTI's KBCrop), of the
        crop: see `crop_box`.
        """
        return self._depth()[0]

    @property
    def crop_box(self) -> tuple[int, int, int, int]:
        """(top, left, height, width) of `depth` in the image, pixels."""
        return self._depth()[1]

    def points(
        self, intrinsics: Intrinsics, drop_edges: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """The depth as a point cloud.

        Args:
            intrinsics: of the camera, in pixels of the image, the centre of
                its top left pixel being (0, 0): (fx, fy, cx, cy), the 3 x 3
                matrix, or a text file of it.
            drop_edges: leave out pixels at jumps of the depth.

        Returns:
            Points (N, 3) float32 in metres (x right, y down, z forward) and
            their colours (N, 3) uint8 RGB.

        Raises:
            AttributeError: no depth is predicted.
            ValueError: no such camera.
        """
        depth, box = self._depth()
        camera = move_intrinsics(read_camera(intrinsics), box)
        image = crop_image(self.image, box)
        return coloured_points(image, depth, camera, drop_edges)

    def picture(
        self,
        opacity: float = 0.5,
        depth_range: str | Sequence[float] = 'max_depth',
    ) -> np.ndarray:
        """What tools/predict.py draws.

        Classes: their colours over the image. Depth: image | depth over a
        colour bar. Of a model of both the one above the other.

        Args:
            opacity: of the classes' colours, 0 to 1.
            depth_range: of the depth's colours, see `depth_range` of
                `visualization/depth_colours.py`.

        Returns:
            (h, w, 3) uint8 RGB.

        Raises:
            ValueError: the checkpoint has no palette, or an option that is
                out of its range.
        """
        writer = self.writer(Path(), opacity, depth_range)
        drawn = writer.draw(self.name, self._image, self._sample)
        return np.ascontiguousarray(drawn[..., ::-1])

    def save(
        self,
        path: str | Path,
        opacity: float = 0.5,
        depth_range: str | Sequence[float] = 'max_depth',
        intrinsics: Intrinsics | None = None,
    ) -> Path:
        """Write the files of tools/predict.py, or the picture alone.

        Args:
            path: a folder, which gets `labels/`, `overlays/`, `depth/`,
                `pictures/`; the name of a picture (.png, .jpg, ...) for
                `picture`; or of a .npy file for the depth in metres or else
                the labels.
            opacity: see `picture`.
            depth_range: see `picture`.
            intrinsics: see `points`; for `clouds/` in the folder.

        Returns:
            The path.

        Raises:
            ValueError: see `picture`, or the image itself lies there.
            OSError: it cannot be written.
        """
        path = Path(path)
        suffix = '' if path.is_dir() else path.suffix.lower()
        if suffix in (*PICTURES, '.npy'):
            self._keep_source([path])
        if suffix == '.npy':
            is_depth = 'pred_depth_map' in self._sample
            write_npy(path, self.depth if is_depth else self.labels)
            return path
        if suffix in PICTURES:
            drawn = self.picture(opacity, depth_range)[..., ::-1]
            write_atomically(path, cv2.imencode(suffix, drawn)[1].tobytes())
            return path
        camera = None
        if intrinsics is not None:
            self._want('pred_depth_map', 'depth')
            camera = read_camera(intrinsics)
        writer = self.writer(path, opacity, depth_range, camera)
        self._keep_source(
            path / folder / f'{self.name}.png'
            for folder in ('labels', 'depth', writer.picture_dir)
        )
        drawn = writer.write(self.name, self._image, self._sample)
        PictureFiles(path / writer.picture_dir).add(self.name, drawn)
        writer.close()
        return path

    def writer(
        self,
        folder: Path,
        opacity: float,
        depth_range: str | Sequence[float],
        camera: Camera | None = None,
    ) -> PredictionWriter:
        """The writer of `save` and `picture`, whose options these are."""
        check_number(opacity, 'opacity', least=0, most=1)
        return writer_for(
            folder,
            self._sample,
            self._facts,
            self._facts.max_depth,
            opacity,
            colours=depth_range,
            intrinsics=camera,
        )

    def _probabilities(self) -> Tensor:
        return class_probabilities(self._sample, self._facts.gives_logits)

    def _depth(self) -> tuple[np.ndarray, tuple[int, int, int, int]]:
        self._want('pred_depth_map', 'depth')
        return depth_of(self._sample, self.name, self.size)

    def _want(self, key: str, what: str) -> None:
        if key in self._sample:
            return
        raise wrong_kind(self.name, what, 'pred_depth_map' in self._sample)

    def _keep_source(self, paths: Iterable[Path]) -> None:
        """Refuse to write over the image."""
        for path in paths:
            if self.file and path.resolve() == self.file.resolve():
                raise ValueError(
                    f'{path} is the image itself, and would be overwritten. '
                    'Give another name or folder'
                )


def wrong_kind(name: str, what: str, is_depth: bool) -> AttributeError:
    """What is said where a model does not predict what is asked for.

    Args:
        name: of the image.
        what: was asked for.
        is_depth: whether the model predicts depth, else classes.
    """
    kind = 'depth: ask for .depth' if is_depth else 'classes: ask for .labels'
    return AttributeError(f'{name} has no {what}: its model predicts {kind}')
