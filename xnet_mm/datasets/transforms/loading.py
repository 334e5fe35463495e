"""Reading a sample's image and depth map."""

from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform, LoadImageFromFile
from mmengine.fileio import get
from mmseg.datasets.transforms import LoadImageFromNDArray

from ...fileio.images import decode_image
from ...registry import TRANSFORMS
from ..decoded_files import DecodedFiles
from ..depth_check import check_size
from ..depth_io import read_depth_of


@TRANSFORMS.register_module()
class LoadImage(LoadImageFromFile):
    """Read the image, as `fileio.images.read_image` does for all tools.

    mmcv's `LoadImageFromFile` with one more promise: a file that is cut
    short, or whose values do not fit into 8 bits, is an error with its name
    and not half a picture or a dark one. Ordinary JPEGs and PNGs give the
    same pixels.

    Args:
        to_float32: give float32 instead of uint8, of the same values.
        ignore_empty: let the data set take another sample instead of
            raising.
        backend_args: where the files are, as for mmengine's `fileio.get`.
        decoded: folder that keeps what files were decoded to, for the next
            epoch, see `DecodedFiles`; None decodes each time.

    Raises:
        FileNotFoundError or ValueError: as `read_image`, unless
            `ignore_empty`.
    """

    def __init__(
        self,
        to_float32: bool = False,
        ignore_empty: bool = False,
        backend_args: dict | None = None,
        decoded: str | None = None,
    ) -> None:
        super().__init__(
            to_float32=to_float32,
            ignore_empty=ignore_empty,
            backend_args=backend_args,
        )
        self.decoded = DecodedFiles(decoded)

    def transform(self, results: dict) -> dict | None:
        """Add `img`, (H, W, 3) BGR, `img_shape` and `ori_shape`."""
        path = results['img_path']

        def decode() -> np.ndarray:
            content = get(path, backend_args=self.backend_args)
            return decode_image(content, str(path))

        try:
            image = self.decoded.read(path, 'image', decode)
        except (OSError, ValueError):
            if self.ignore_empty:
                return None
            raise
        if self.to_float32:
            image = image.astype(np.float32)
        results['img'] = image
        results['img_shape'] = results['ori_shape'] = image.shape[:2]
        return results


class LoadFileOrArray(BaseTransform):
    """What `MMSegInferencer` puts in the place of a pipeline's reader.

    A file is read as by `LoadImage`, an array (H, W, 3) BGR is taken as it
    is. It stands as `InferencerLoader` in scope xnet_mm, where MMSegmentation
    has its own of this name.

    Args:
        to_float32: give float32 instead of uint8, of the same values.
        **kwargs: more of `LoadImage`.
    """

    def __init__(self, to_float32: bool = False, **kwargs: Any) -> None:
        self.of_file = LoadImage(to_float32=to_float32, **kwargs)
        self.of_array = LoadImageFromNDArray(to_float32=to_float32)

    def transform(self, results: str | np.ndarray | dict) -> dict | None:
        """Add `img` and its sizes to a path, an array or a dict with one."""
        if isinstance(results, np.ndarray):
            results = dict(img=results)
        elif not isinstance(results, dict):
            results = dict(img_path=str(results))
        load = self.of_array if 'img' in results else self.of_file
        return load(results)


@TRANSFORMS.register_module()
class LoadDepth(BaseTransform):
    """Add the ground truth in metres, as `depth_io.read_depth` reads it.

    Reads `depth_map_path` (None: no ground truth, and nothing is added),
    `depth_scale`, `depth_encoding` and `invalid_values`; adds
    `gt_depth_map`, (H, W) float32 with 0 = no ground truth, and lists it in
    `seg_fields`.

    The map has the size of the image file. After a resize, as test
    pipelines have it, it keeps that size; after a crop that left `crop_box`
    it is cropped likewise.

    Args:
        decoded: as of `LoadImage`.

    Raises:
        FileNotFoundError or ValueError: the file is missing, unreadable,
            8-bit or of another size than the image.
    """

    def __init__(self, decoded: str | None = None) -> None:
        self.decoded = DecodedFiles(decoded)

    def transform(self, results: dict) -> dict:
        """Read the map, if the sample has one."""
        path = results.get('depth_map_path')
        if path is None:
            return results
        keys = ('depth_scale', 'depth_encoding', 'invalid_values')
        depth = self.decoded.read(
            path,
            f'depth {[results.get(key) for key in keys]}',
            lambda: read_depth_of(results),
        )
        if 'crop_box' in results:
            top, left, height, width = results['crop_box']
            depth = depth[top : top + height, left : left + width]
        shape = tuple(results['ori_shape'][:2])
        check_size(depth, path, shape, results['img_path'])
        results['gt_depth_map'] = depth
        fields = results.setdefault('seg_fields', [])
        if 'gt_depth_map' not in fields:
            fields.append('gt_depth_map')
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}()'
