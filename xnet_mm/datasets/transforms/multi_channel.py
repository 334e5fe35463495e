"""Loading images of other than three channels."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmcv.transforms import BaseTransform

from ...checks import are_ids
from ...registry import TRANSFORMS
from ..channel_io import read_channels, to_picture


@TRANSFORMS.register_module()
class LoadMultiChannelImage(BaseTransform):
    """Read an image of any number of channels, of 8 to 64 bits.

    TIFF, npy, npz and pictures, see `channel_io.read_channels`: the values
    as they are, in the order of the file, uint8 or float32. A picture's
    channels are R, G, B, alpha, so its preprocessor has bgr_to_rgb=False.

    Args:
        channels: numbers, from 0, of the channels to load, in that order;
            by default all.
        shown: numbers, among those that are loaded, of the three that
            pictures of the image show as red, green and blue, or of one that
            is shown as grey. By default the first three, or the first.

    Raises:
        ValueError: no such numbers.
    """

    def __init__(
        self,
        channels: Sequence[int] | None = None,
        shown: Sequence[int] | None = None,
    ) -> None:
        for name, numbers in (('channels', channels), ('shown', shown)):
            if numbers is not None and not are_ids(numbers):
                raise ValueError(
                    f'LoadMultiChannelImage: {name}={numbers!r}; wanted '
                    'numbers of channels, from 0, as (2, 1, 0)'
                )
        if shown is not None and len(shown) not in (1, 3):
            raise ValueError(
                f'LoadMultiChannelImage: shown={shown!r}; wanted three '
                'channels (red, green, blue), or one (grey)'
            )
        self.channels = None if channels is None else tuple(channels)
        self.shown = None if shown is None else tuple(shown)

    def transform(self, results: dict) -> dict:
        """Add `img`, (H, W, N), `img_shape` and `ori_shape`.

        Raises:
            FileNotFoundError or ValueError: as `read`.
        """
        image = self.read(results['img_path'])
        results['img'] = image
        results['img_shape'] = results['ori_shape'] = image.shape[:2]
        return results

    def read(self, path: str | Path) -> np.ndarray:
        """The channels of a file, (H, W, N) uint8 or float32.

        Raises:
            FileNotFoundError or ValueError: as `read_channels`, or the file
                has too few channels.
        """
        image = read_channels(path)
        if self.channels is None:
            return image
        return _choose(image, self.channels, 'channels', path)

    def picture(self, path: str | Path) -> np.ndarray:
        """What people are shown of a file, (H, W, 3) uint8 BGR.

        8-bit values as they are; of others each channel is stretched from
        its 2nd to its 98th percentile.

        Raises:
            FileNotFoundError or ValueError: as `read`.
        """
        return self.picture_of(self.read(path), path)

    def picture_of(self, image: np.ndarray, name: str | Path) -> np.ndarray:
        """What people are shown of an image, (H, W, 3) uint8 BGR.

        Args:
            image: (H, W, N), as `read` gives it.
            name: of it, for errors.

        Raises:
            ValueError: it has too few channels.
        """
        shown = self.shown or ((0, 1, 2) if image.shape[2] > 2 else (0,))
        return to_picture(_choose(image, shown, 'shown', name))

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(channels={self.channels}, '
            f'shown={self.shown})'
        )


def _choose(
    image: np.ndarray, numbers: Sequence[int], option: str, path: str | Path
) -> np.ndarray:
    if max(numbers) >= image.shape[2]:
        raise ValueError(
            f'{path}: {option}={tuple(numbers)} of LoadMultiChannelImage, '
            f'but there are {image.shape[2]} channels (numbers from 0)'
        )
    return np.ascontiguousarray(image[..., list(numbers)])
