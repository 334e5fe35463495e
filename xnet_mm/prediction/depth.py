"""Outputs of a depth model for plain images."""

from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import numpy as np
from mmengine.structures import BaseDataElement

from ..checks import (
    Camera,
    check_camera,
    check_matrix,
    check_positive,
    check_scale,
)
from ..datasets.split_file import read_intrinsics
from ..fileio.atomic import write_atomically
from ..fileio.depth_png import (
    HIGHEST,
    check_range,
    describe_limit,
    encode_depth,
)
from ..fileio.pairing import depth_head_of
from ..visualization.depth_colours import depth_range
from ..visualization.depth_panel_visualizer import crop_image
from ..visualization.depth_panels import draw_depth
from ..visualization.point_cloud import encode_ply
from .files import write_npy
from .predictor import Predictor

Intrinsics = str | Path | Sequence[float] | np.ndarray


class DepthWriter:
    """`depth/NAME.png` (16-bit), and, if wanted, npy and ply; pictures.

    Where the model's test pipeline crops (KBCrop), the outputs are those of
    the crop, and the intrinsics move with it.

    Args:
        out_dir: Folder of all outputs.
        max_depth: Of the model, metres, or None.
        scale: File units per metre of the PNG.
        colours: Range of the pictures' colours, see `depth_range`.
        npy: Write `npy/NAME.npy`, float32 metres.
        intrinsics: (fx, fy, cx, cy) in pixels of the images: write
            `clouds/NAME.ply`.
        drop_edges: Leave depth edges out of the cloud.
        steady: Keep the first picture's range (for a video).
    """

    picture_dir, kinds = 'pictures', 'Depth maps and pictures'

    def __init__(
        self,
        out_dir: Path,
        max_depth: float | None,
        *,
        scale: float = 1000.0,
        colours: str | Sequence[float] = 'max_depth',
        npy: bool = False,
        intrinsics: Sequence[float] | None = None,
        drop_edges: bool = False,
        steady: bool = False,
    ) -> None:
        self.out_dir, self.max_depth = out_dir, max_depth
        self.scale = check_scale(scale, 'scale of the depth files')
        self.colours, self.npy = colours, npy
        self.intrinsics, self.drop_edges = intrinsics, drop_edges
        self.steady, self._clipped = steady, 0
        self._counting = Lock()
        self._limits: tuple[float, float] | None = None
        if max_depth:
            check_range(max_depth, scale)
        if max_depth and max_depth * scale > HIGHEST:
            print(
                f'Warning: max_depth {max_depth:g} m does not fit: '
                f'{describe_limit(scale)}'
            )

    def write(
        self, name: str, image: np.ndarray, result: BaseDataElement
    ) -> np.ndarray:
        """Write the files of one BGR image (H,W,3).

        Image | depth is returned, (h,w,3) BGR, as `draw_depth` makes it.

        Raises:
            ValueError: NaN, or a prediction of another size than the image.
        """
        depth, box = depth_of(result, name, image.shape[:2])
        cropped = crop_image(image, box)[..., ::-1]
        data, clipped = encode_depth(depth, self.scale, name)
        with self._counting:
            self._clipped += clipped
        write_atomically(self.out_dir / 'depth' / f'{name}.png', data)
        if self.npy:
            write_npy(self.out_dir / 'npy' / f'{name}.npy', depth)
        if self.intrinsics is not None:
            moved = move_intrinsics(self.intrinsics, box)
            cloud = encode_ply(cropped, depth, moved, self.drop_edges)
            write_atomically(self.out_dir / 'clouds' / f'{name}.ply', cloud)
        return self.draw(name, image, result)

    def draw(
        self, name: str, image: np.ndarray, result: BaseDataElement
    ) -> np.ndarray:
        """The picture of `write`, which writes its files too.

        Raises:
            ValueError: a prediction of another size than the image.
        """
        depth, box = depth_of(result, name, image.shape[:2])
        cropped = crop_image(image, box)[..., ::-1]
        limits = self._limits
        if limits is None or not self.steady:
            limits = depth_range(self.colours, self.max_depth, depth)
            self._limits = limits
        return draw_depth(cropped, limits, prediction=depth)[..., ::-1]

    def close(self) -> None:
        """Say what the PNG files could not hold."""
        if self._clipped:
            print(
                f'Warning: {self._clipped} pixels clipped. '
                f'{describe_limit(self.scale)}'
            )


def depth_of(
    result: BaseDataElement, name: str, size: Sequence[int]
) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """The depth in a model's sample, and where in the image it lies.

    Args:
        result: the sample.
        name: of the image, for errors.
        size: (height, width) of the image.

    Returns:
        (h,w) float32 metres, and its top, left, height and width.

    Raises:
        ValueError: a prediction of another size than the image.
    """
    depth = result.pred_depth_map.data.squeeze(0).float().cpu().numpy()
    box = result.metainfo.get('crop_box', (0, 0, *size))
    if depth.shape != tuple(box[2:]):
        raise ValueError(
            f'{name}: the image has {tuple(size)} pixels (height, '
            f'width), the prediction {depth.shape}. A transform of the '
            'test pipeline crops without saying where: it has to set '
            '`crop_box` (top, left, height, width), as KBCrop does.'
        )
    return depth, tuple(box)


def move_intrinsics(
    intrinsics: Sequence[float], box: Sequence[int]
) -> tuple[float, float, float, float]:
    """(fx, fy, cx, cy) of an image -> those of its crop `box`."""
    fx, fy, cx, cy = intrinsics
    return fx, fy, cx - box[1], cy - box[0]


def model_max_depth(predictor: Predictor) -> float | None:
    """Metres: of the data the checkpoint was trained on, else the head's.

    Raises:
        ValueError: it is no depth.
    """
    head = depth_head_of(predictor.model)
    found = predictor.meta.get('max_depth', getattr(head, 'max_depth', None))
    if found is None:
        return None
    return check_positive(found, 'max_depth of the checkpoint')


def read_camera(intrinsics: Intrinsics) -> Camera:
    """(fx, fy, cx, cy) of what says them.

    Args:
        intrinsics: the four numbers, the 3 x 3 matrix, or a text as
            `parse_intrinsics` takes it.

    Raises:
        ValueError: no such camera.
    """
    if isinstance(intrinsics, str | Path):
        return parse_intrinsics(str(intrinsics))
    values = np.asarray(intrinsics)
    if values.shape == (3, 3):
        return check_matrix(values.tolist(), 'intrinsics')
    return check_camera(values.tolist(), 'intrinsics')


def parse_intrinsics(text: str) -> Camera:
    """(fx, fy, cx, cy) from 'fx,fy,cx,cy' or a file of the 3 x 3 matrix.

    Raises:
        ValueError: neither.
    """
    values = text.split(',')
    if len(values) == 1 or Path(text).exists():
        return read_intrinsics(text)
    try:
        return check_camera([*map(float, values)], 'it')
    except ValueError as error:
        raise ValueError(
            f'intrinsics {text!r}: wanted fx,fy,cx,cy in pixels, or a text '
            f'file of the 3 x 3 camera matrix ({error})'
        ) from None
