"""Crops and padding: the benchmarks' fixed ones and random ones."""

from collections.abc import Sequence

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from ...registry import TRANSFORMS
from .in_step import check_in_step, move_intrinsics

KB_HEIGHT, KB_WIDTH = 352, 1216
NYU_SHAPE = (480, 640)
NYU_BORDER = (45, 43, 427, 565)  # rows 45:472, columns 43:608


def crop(results: dict, box: Sequence[int]) -> None:
    """Cut image and depth to `box` (top, left, height, width), no copies."""
    top, left, height, width = box
    rows, columns = slice(top, top + height), slice(left, left + width)
    results['img'] = results['img'][rows, columns]
    if 'gt_depth_map' in results:
        results['gt_depth_map'] = results['gt_depth_map'][rows, columns]
    results['img_shape'] = results['img'].shape[:2]
    move_intrinsics(results, shift=(-left, -top))


def crop_file(results: dict, box: Sequence[int], transform: object) -> None:
    """Cut what a file holds, for good: predictions have the crop's size.

    `ori_shape` becomes the crop's, because the models resize predictions to
    it, and `crop_box` says where in the file the crop lies.

    Raises:
        ValueError: the image is not as it was read.
    """
    if results['img'].shape[:2] != tuple(results['ori_shape'][:2]):
        raise ValueError(
            f'{results.get("img_path")}: {type(transform).__name__} cuts a '
            f'file of {tuple(results["ori_shape"][:2])} pixels (height, '
            f'width), but the image is {results["img"].shape[:2]} now. Put '
            'it before every transform that changes the size'
        )
    top, left = results.get('crop_box', (0, 0))[:2]
    crop(results, box)
    results['ori_shape'] = results['img_shape']
    results['crop_box'] = (top + box[0], left + box[1], *box[2:])


def kb_box(height: int, width: int) -> tuple[int, int, int, int]:
    """The KB crop of a map at least as large: see `KBCrop`.

    Args:
        height: Of the map, pixels.
        width: Of the map, pixels.

    Returns:
        (top, left, height, width) in pixels of the map.
    """
    left = (width - KB_WIDTH) // 2
    return height - KB_HEIGHT, left, KB_HEIGHT, KB_WIDTH


@TRANSFORMS.register_module()
class KBCrop(BaseTransform):
    """Cut a KITTI image to its lower middle 352 x 1216 pixels.

    Rows H - 352 to H and columns int((W - 1216) / 2) to + 1216, the "KB
    crop" of BTS that BinsFormer's code and all peers train and test on. An
    image that is already cropped, as those of the official benchmark are,
    stays as it is. Sets `crop_box` (top, left, height, width in pixels of
    the file) and `ori_shape`, for predictions have the crop's size.

    Raises:
        ValueError: the image is smaller; names it.
    """

    def transform(self, results: dict) -> dict:
        """Crop one sample."""
        check_in_step(results, self)
        height, width = results['img'].shape[:2]
        if height < KB_HEIGHT or width < KB_WIDTH:
            raise ValueError(
                f'{results.get("img_path")}: {width}x{height} pixels, but '
                f'KBCrop cuts {KB_WIDTH}x{KB_HEIGHT} (width x height) out of '
                'a KITTI image. Leave KBCrop out for other data'
            )
        crop_file(results, kb_box(height, width), self)
        return results


@TRANSFORMS.register_module()
class NYUCrop(BaseTransform):
    """Cut off the border of an NYU-Depth-V2 image, which holds no data.

    Rows 45:472 and columns 43:608 of 480 x 640, for training as BinsFormer
    does (BTS and AdaBins the same); `ori_shape` and `crop_box` are set as
    by `KBCrop`.

    Args:
        keep_size: leave the image as it is and set the depth outside to 0,
            as NeWCRFs, PixelFormer and NDDepth train; after `LoadDepth`.

    Raises:
        ValueError: the image is not 480 x 640; names it.
    """

    def __init__(self, keep_size: bool = False) -> None:
        self.keep_size = keep_size

    def transform(self, results: dict) -> dict:
        """Crop one sample."""
        check_in_step(results, self)
        height, width = results['img'].shape[:2]
        if (height, width) != NYU_SHAPE:
            raise ValueError(
                f'{results.get("img_path")}: {width}x{height} pixels, but '
                'NYUCrop wants the 640x480 (width x height) of NYU-Depth-V2. '
                'Leave NYUCrop out for other data'
            )
        if not self.keep_size:
            crop_file(results, NYU_BORDER, self)
        elif 'gt_depth_map' in results:
            top, left, height, width = NYU_BORDER
            inside = np.s_[top : top + height, left : left + width]
            kept = np.zeros_like(results['gt_depth_map'])
            kept[inside] = results['gt_depth_map'][inside]
            results['gt_depth_map'] = kept
        return results


@TRANSFORMS.register_module()
class DepthRandomCrop(BaseTransform):
    """Cut a window at a random place.

    BinsFormer: 416 x 544 (NYU) and 352 x 704 (KITTI); GEDepth: 384 x 640
    (DDAD); NeWCRFs 352 x 1120 (KITTI). Of a side that is smaller than the
    window all is kept, as mmseg's `RandomCrop` does.

    Args:
        crop_size: (height, width), or one number for both.
    """

    def __init__(self, crop_size: int | Sequence[int]) -> None:
        self.crop_size = as_pair(crop_size, 'crop_size')

    def transform(self, results: dict) -> dict:
        """Crop one sample."""
        check_in_step(results, self)
        sides = results['img'].shape[:2]
        size = np.minimum(self.crop_size, sides).tolist()
        corner = [
            np.random.randint(side - kept + 1)
            for side, kept in zip(sides, size, strict=True)
        ]
        crop(results, (*corner, *size))
        return results


@TRANSFORMS.register_module()
class DepthRandomPad(BaseTransform):
    """Put a small image at a random place on a black canvas.

    The depth of the canvas is 0, no ground truth. GEDepth pads DDAD to 384
    x 640 after its random resize. A side that is already as long or longer
    stays.

    Args:
        size: (height, width) at least, or one number for both.
    """

    def __init__(self, size: int | Sequence[int]) -> None:
        self.size = as_pair(size, 'size')

    def transform(self, results: dict) -> dict:
        """Pad one sample."""
        check_in_step(results, self)
        height, width = results['img'].shape[:2]
        spare = max(self.size[0] - height, 0), max(self.size[1] - width, 0)
        top, left = (np.random.randint(side + 1) for side in spare)
        borders = (top, spare[0] - top, left, spare[1] - left)
        for key in ('img', 'gt_depth_map'):
            if key in results and any(spare):
                results[key] = cv2.copyMakeBorder(
                    results[key], *borders, cv2.BORDER_CONSTANT, value=0
                )
        results['img_shape'] = results['img'].shape[:2]
        move_intrinsics(results, shift=(left, top))
        return results


def as_pair(size: int | Sequence[int], name: str) -> tuple[int, int]:
    """(height, width) from a config's value.

    Raises:
        ValueError: not one or two positive numbers.
    """
    pair = (size, size) if isinstance(size, int) else tuple(size)
    if len(pair) != 2 or min(pair) < 1:
        raise ValueError(
            f'{name}={size!r}: wanted (height, width) or one number, in pixels'
        )
    return pair
