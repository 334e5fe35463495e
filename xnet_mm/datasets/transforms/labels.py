"""Reading a sample's label map, without losing ids on the way."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import cv2
import mmcv
import numpy as np
from mmengine.fileio import get
from mmseg.datasets.transforms import LoadAnnotations

from ...fileio.images import check_picture
from ...registry import TRANSFORMS
from ..decoded_files import DecodedFiles
from ..label_check import BROKEN, describe_wrong_ids
from ..label_ids import IGNORED, loaded_ids

STOCK: Sequence[str | Callable] = (
    'LoadAnnotations',
    'mmseg.LoadAnnotations',
    LoadAnnotations,
)


@TRANSFORMS.register_module()
class LoadLabels(LoadAnnotations):
    """mmseg's `LoadAnnotations` that refuses what does not fit.

    That one casts to 8 bits: id 256 becomes 0, and 300 becomes 44. Here ids
    may have any width (an id to ignore of 65535 or -1, say), as long as each
    is a class or ignored in the end. A sample without `seg_map_path`, or
    with None, has no label map, and nothing is added.

    Reads, besides mmseg's keys, `num_classes` and `ignore_index` where the
    data set sets them (`FolderSegDataset` does): ids that are neither are
    refused. Adds `gt_seg_map`, (H, W) uint8.

    Args:
        decoded: folder that keeps what files were decoded to, for the next
            epoch, see `DecodedFiles`; None decodes each time.
        *args, **kwargs: mmseg's.

    Raises:
        ValueError: the file is missing or unreadable, has several channels,
            numbers that are no integers, another size than the image, or an
            id that is no class.
    """

    def __init__(
        self, *args: Any, decoded: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.decoded = DecodedFiles(decoded)

    def _load_seg_map(self, results: dict) -> None:
        """Read the map, if the sample has one."""
        path = results.get('seg_map_path')
        if path is None:
            return
        kind = f'labels by {self.imdecode_backend}'
        ids = self.decoded.read(path, kind, lambda: self._read(path))
        shape = tuple(results.get('ori_shape', ids.shape)[:2])
        if ids.shape != shape:
            raise ValueError(
                f'{path}: {ids.shape} pixels (height, width), but '
                f'{results.get("img_path")} has {shape}. Make them equal '
                '(label maps by nearest neighbour)'
            )
        results['gt_seg_map'] = self._load_ids(ids, results)
        results['seg_fields'].append('gt_seg_map')

    def _read(self, path: str) -> np.ndarray:
        """(H, W) integers, as the file has them."""
        try:
            content = get(path, backend_args=self.backend_args)
        except OSError as error:
            raise ValueError(f'{path}: unreadable ({error})') from None
        return decode_label_map(content, path, self.imdecode_backend)

    def _load_ids(self, ids: np.ndarray, results: Mapping) -> np.ndarray:
        """(H, W) uint8: the classes, and 255."""
        path = results['seg_map_path']
        reduce_zero_label = results.get('reduce_zero_label', False)
        if self.reduce_zero_label not in (None, reduce_zero_label):
            raise ValueError(
                f'reduce_zero_label={self.reduce_zero_label} in the '
                f'pipeline, {reduce_zero_label} in the data set: say it '
                'there only'
            )
        small = ids.dtype == np.uint8
        if small:  # OpenCV is many times faster here
            found = np.flatnonzero(
                cv2.calcHist([ids], [0], None, [256], [0, 256])
            )
        else:
            found = np.unique(ids)
        label_map = results.get('label_map') or {}
        loaded = loaded_ids(found, reduce_zero_label, label_map)
        if 'num_classes' in results:
            num_classes = results['num_classes']
            wrong = {*found.tolist()} - {
                *range(num_classes + reduce_zero_label),
                results['ignore_index'],
            }
            if wrong:
                advice = describe_wrong_ids(
                    wrong, num_classes, reduce_zero_label
                )
                raise ValueError(f'{path}: {advice}')
        # One less than 256 is no reason to ignore it.
        fits = (found <= IGNORED) | np.isin(
            found - bool(reduce_zero_label), [*label_map]
        )
        outside = found[~fits | (loaded < 0) | (loaded > IGNORED)].tolist()
        if outside:
            raise ValueError(
                f'{path}: holds id {", ".join(map(str, outside[:5]))}, but '
                'ids are loaded in 8 bits: 0..254, and 255 for what is '
                'ignored. Number the classes anew'
            )
        if not small:
            return loaded.astype(np.uint8)[np.searchsorted(found, ids)]
        if np.array_equal(found, loaded):
            return ids
        table = np.zeros(256, np.uint8)
        table[found] = loaded
        return cv2.LUT(ids, table)


def decode_label_map(
    content: bytes, path: str, backend: str = 'pillow'
) -> np.ndarray:
    """The ids that a label map's file holds, (H, W) integers.

    Args:
        content: of the file.
        path: of the file, for errors.
        backend: of mmcv, that decodes.

    Raises:
        ValueError: unreadable, several channels, or no integers.
    """
    check_picture(content, path)  # OpenCV fills what is missing
    try:
        ids = mmcv.imfrombytes(content, flag='unchanged', backend=backend)
    except BROKEN as error:
        raise ValueError(f'{path}: unreadable ({error})') from None
    if ids is None:  # OpenCV
        raise ValueError(f'{path}: unreadable')
    if ids.ndim == 3 and ids.shape[2] == 1:
        ids = ids[..., 0]
    if ids.ndim != 2 or ids.dtype.kind not in 'bui':
        raise ValueError(
            f'{path}: {ids.dtype} of shape {ids.shape}; a label map has '
            'one channel of integers, the class ids. Save an 8-bit grey PNG'
        )
    return ids.astype(np.uint8) if ids.dtype.kind == 'b' else ids


def with_load_labels(steps: Any) -> Any:
    """A pipeline whose every `LoadAnnotations` is a `LoadLabels`.

    Args:
        steps: settings of transforms, also inside of others
            (`TestTimeAug`); built ones stay as they are.
    """
    if isinstance(steps, Mapping):
        inner = {key: with_load_labels(step) for key, step in steps.items()}
        if steps.get('type') in STOCK:
            inner['type'] = 'xnet_mm.LoadLabels'
        return inner
    if isinstance(steps, list | tuple):
        return type(steps)(with_load_labels(step) for step in steps)
    return steps
