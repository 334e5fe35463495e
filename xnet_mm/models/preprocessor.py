"""Normalising images of any number of channels."""

from collections.abc import Sequence
from typing import Any

import torch
from mmseg.models.data_preprocessor import SegDataPreProcessor
from torch import Tensor

from ..checks import check_number, check_positive
from ..registry import MODELS
from .channels import RGB


@MODELS.register_module()
class MultiChannelDataPreProcessor(SegDataPreProcessor):
    """mmseg's SegDataPreProcessor for any number of channels.

    The stock one of some releases takes one or three means and no others,
    and none of them looks whether the images have as many channels.

    Args:
        mean: of each channel, in the order of the loaded image and in the
            units of its values; or one for all. None: no normalisation.
        std: likewise.
        bgr_to_rgb: turn the order of three channels round.
        rgb_to_bgr: likewise.
        **kwargs: mmseg's own.

    Raises:
        ValueError: numbers of means and stds that differ, values that are
            none, or an order to turn round that is not one of three.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        bgr_to_rgb: bool = False,
        rgb_to_bgr: bool = False,
        **kwargs: Any,
    ) -> None:
        name = 'data_preprocessor'
        means, stds = list(mean or []), list(std or [])
        if len(means) != len(stds):
            raise ValueError(
                f'{name}: {len(means)} means and {len(stds)} stds; wanted '
                'one of each for every channel.'
            )
        for i, (m, s) in enumerate(zip(means, stds, strict=True)):
            check_number(m, f'{name}.mean[{i}]')
            check_positive(s, f'{name}.std[{i}]')
        if (bgr_to_rgb or rgb_to_bgr) and len(means) not in (0, 1, RGB):
            raise ValueError(
                f'{name}: bgr_to_rgb and rgb_to_bgr are for images of three '
                f'channels, and there are {len(means)} means. Set '
                'bgr_to_rgb=False; the order of channels is that of the '
                'loader, LoadMultiChannelImage(channels=...).'
            )
        super().__init__(
            mean=[0.0] if means else None,
            std=[1.0] if means else None,
            bgr_to_rgb=bgr_to_rgb,
            rgb_to_bgr=rgb_to_bgr,
            **kwargs,
        )
        for key, values in (('mean', means), ('std', stds)):
            if values:
                table = torch.tensor(values, dtype=torch.float32)
                self.register_buffer(key, table.view(-1, 1, 1), False)

    def forward(self, data: dict, training: bool = False) -> dict[str, Any]:
        """As mmseg's.

        Args:
            data: `inputs`, images (N,H,W), and `data_samples`.
            training: whether all images are padded to one size.

        Returns:
            `inputs`, (B,N,H,W), and `data_samples`.

        Raises:
            ValueError: an image has not as many channels as there are means.
        """
        count = self.mean.numel() if self._enable_normalize else 1
        for image in data['inputs']:
            if count > 1 and len(image) != count:
                raise ValueError(
                    f'data_preprocessor.mean has {count} values, an image '
                    f'has {len(image)} channels (shape {tuple(image.shape)})'
                    '. Wanted one mean and one std for each channel.'
                )
        return super().forward(data, training)
