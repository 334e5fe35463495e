"""N means and stds, and images of as many channels."""

import numpy as np
import pytest
import torch
from mmseg.models.data_preprocessor import SegDataPreProcessor
from mmseg.structures import SegDataSample
from torch.testing import assert_close

from xnet_mm.models import DepthDataPreProcessor, MultiChannelDataPreProcessor

BOTH = pytest.mark.parametrize(
    'kind', [MultiChannelDataPreProcessor, DepthDataPreProcessor]
)


@BOTH
@pytest.mark.parametrize('channels', [1, 2, 3, 5, 12])
def test_each_channel_by_its_own(kind, channels):
    mean = [*range(100, 100 + channels)]  # whole numbers are numbers
    std = [2.0 + i for i in range(channels)]
    image = torch.randint(0, 3000, (channels, 4, 6)).float()
    found = kind(mean=mean, std=std)(dict(inputs=[image]))['inputs']
    wanted = np.stack(
        [
            (plane - m) / s
            for plane, m, s in zip(image.numpy(), mean, std, strict=True)
        ]
    )
    assert_close(found, torch.from_numpy(wanted)[None])


@BOTH
def test_one_mean_for_all_and_none(kind):
    image = torch.rand(5, 4, 6)
    found = kind(mean=[1.0], std=[2.0])(dict(inputs=[image]))['inputs']
    assert_close(found, (image[None] - 1) / 2)
    assert_close(kind()(dict(inputs=[image]))['inputs'], image[None])


def test_three_channels_are_as_in_the_stock_one():
    options = dict(mean=[1, 2, 3], std=[4, 5, 6], bgr_to_rgb=True, size=(8, 8))
    image = torch.randint(0, 255, (3, 4, 6), dtype=torch.uint8)
    sample = SegDataSample()
    outputs = [
        kind(**options)(dict(inputs=[image], data_samples=[sample]), True)
        for kind in (SegDataPreProcessor, MultiChannelDataPreProcessor)
    ]
    assert_close(outputs[0]['inputs'], outputs[1]['inputs'])


@BOTH
@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(mean=[1.0] * 5, std=[1.0] * 4), r'5 means and 4 stds; wanted'),
        (dict(mean=[1.0] * 5), r'5 means and 0 stds'),
        (
            dict(mean=[1.0] * 5, std=[1.0] * 5, bgr_to_rgb=True),
            r'three channels, and there are 5 means\. Set bgr_to_rgb=False',
        ),
        (
            dict(mean=[1.0] * 4, std=[1.0] * 4, rgb_to_bgr=True),
            r'three channels, and there are 4 means',
        ),
        (dict(mean=[0.0, 0.0], std=[1.0, 0.0]), r'std\[1\] is 0\.0, wanted'),
        (
            dict(mean=[0.0, float('nan')], std=[1.0, 1.0]),
            r'mean\[1\] is nan, wanted a finite number',
        ),
    ],
)
def test_what_fits_no_image(kind, options, message):
    with pytest.raises(ValueError, match=f'^data_preprocessor.*{message}'):
        kind(**options)


@BOTH
@pytest.mark.parametrize('channels', [1, 3, 4])
def test_images_of_others(kind, channels):
    """One channel minus five means would be five, by broadcasting."""
    preprocessor = kind(mean=[0.0] * 5, std=[1.0] * 5)
    image = torch.rand(channels, 4, 6)
    with pytest.raises(
        ValueError,
        match=rf'mean has 5 values, an image has {channels} channels \(shape '
        rf'\({channels}, 4, 6\)\)',
    ):
        preprocessor(dict(inputs=[image]))
