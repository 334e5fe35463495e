"""Colour augmentation against hand-worked values and plain arithmetic."""

import numpy as np
import pytest

from xnet_mm.datasets.transforms import DepthColorAug

GREYS = [0, 1, 51, 128, 154, 155, 254, 255]


def augment(greys, gamma, brightness=1.0, color=1.0, **kwargs):
    image = np.repeat(np.uint8(greys)[None, :, None], 3, -1)
    transform = DepthColorAug(
        prob=1,
        gamma_range=(gamma, gamma),
        brightness_range=(brightness, brightness),
        color_range=(color, color),
        **kwargs,
    )
    out = transform(dict(img=image))['img']
    assert out.dtype == np.uint8
    assert out.shape == image.shape
    assert (out == out[..., :1]).all()
    return out[0, :, 0].tolist()


def test_unit_by_hand():
    # 255 * (x / 255) ** 2: 51 is a fifth of white, so 255 / 25 = 10.2.
    assert augment([0, 51, 255], 2.0) == [0, 10, 255]
    # ... * 1.25 = 12.75; white is clipped.
    assert augment([0, 51, 255], 2.0, 1.25) == [0, 13, 255]
    # A square root brightens: 255 * sqrt(0.2) = 114.04.
    assert augment([0, 51, 255], 0.5) == [0, 114, 255]
    # All three factors: 255 * 0.2 ** 2 * 1.25 * 0.8 = 10.2.
    assert augment([51, 255], 2.0, 1.25, 0.8) == [10, 255]
    # Gamma on [0, 1] leaves white white.
    assert augment([255], 0.9) == augment([255], 1.1) == [255]


def test_mdet_by_hand():
    # 255 ** 0.9 = 146.52, 100 ** 0.9 = 63.10
    assert augment([0, 1, 100, 255], 0.9, mode='mdet') == [0, 1, 63, 147]
    # 100 ** 1.1 = 158.49, 154 ** 1.1 = 254.85; 155 ** 1.1 = 256.67
    assert augment([0, 1, 100, 154, 155, 255], 1.1, mode='mdet') == [
        0,
        1,
        158,
        255,
        255,
        255,
    ]
    # 10 ** 2 * 0.5 * 1.2 = 60
    assert augment([10], 2.0, 0.5, 1.2, mode='mdet') == [60]


@pytest.mark.parametrize('mode', ['unit', 'mdet'])
def test_without_gamma_the_modes_agree(mode):
    assert augment(GREYS, 1.0, mode=mode) == GREYS
    # Halves go to the even number: 0.5 to 0, 25.5 to 26, 77.5 to 78.
    assert augment(GREYS, 1.0, 0.5, mode=mode) == [
        0,
        0,
        26,
        64,
        77,
        78,
        127,
        128,
    ]


@pytest.mark.parametrize('mode', ['unit', 'mdet'])
def test_every_pixel_of_an_image(mode):
    """One gamma and brightness for the image, one factor for each channel."""
    image = np.random.default_rng(0).integers(0, 256, (32, 24, 3))
    image[:, :, 0].flat[:256] = np.arange(256)
    transform = DepthColorAug(
        prob=0.5,
        gamma_range=(0.8, 1.2),
        brightness_range=(0.75, 1.25),
        color_range=(0.9, 1.1),
        mode=mode,
    )
    changed = 0
    for seed in range(8):
        np.random.seed(seed)
        before = image.astype(np.uint8)
        out = transform(dict(img=before))['img']
        np.testing.assert_array_equal(before, image)

        np.random.seed(seed)
        if np.random.rand() >= 0.5:
            assert out is before
            continue
        changed += 1
        gamma = np.random.uniform(0.8, 1.2)
        brightness = np.random.uniform(0.75, 1.25)
        colors = np.random.uniform(0.9, 1.1, size=3)
        white = 255 if mode == 'unit' else 1
        wanted = (image / white) ** gamma * brightness * colors * white
        wanted = np.rint(np.clip(wanted, 0, 255))
        np.testing.assert_array_equal(out, wanted)
    assert 0 < changed < 8


def test_depth_and_intrinsics_are_untouched():
    depth = np.ones((2, 2), np.float32)
    image = np.full((2, 2, 3), 90, np.uint8)
    results = DepthColorAug(prob=1)(
        dict(img=image, gt_depth_map=depth, intrinsics=(1, 2, 3, 4))
    )
    assert results['gt_depth_map'] is depth
    assert results['intrinsics'] == (1, 2, 3, 4)
    assert (results['img'] != image).any()


def test_float_images_are_refused():
    image = np.zeros((2, 2, 3), np.float32)
    with pytest.raises(
        TypeError, match=r'a\.jpg: DepthColorAug wants 8-bit .*, got float32'
    ):
        DepthColorAug(prob=1)(dict(img=image, img_path='a.jpg'))


def test_wrong_mode():
    with pytest.raises(
        ValueError, match="mode='bts': wanted 'unit' or 'mdet'"
    ):
        DepthColorAug(mode='bts')
