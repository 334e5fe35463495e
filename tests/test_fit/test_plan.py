"""The numbers of a plan, by hand."""

import math

import pytest

from xnet_mm.fit.plan import (
    Plan,
    batch_size,
    class_weights,
    crop_and_scale,
    max_depth,
)
from xnet_mm.fit.schedule import Choice


@pytest.mark.parametrize(
    ('task', 'size', 'crop', 'scale'),
    [
        # The shipped configs' own numbers.
        ('segmentation', (360, 480), (192, 256), (384, 288)),
        ('depth', (360, 540), (192, 256), (288, 192)),
        # Upright: the same, turned.
        ('segmentation', (480, 360), (256, 192), (288, 384)),
        # Smaller than what is affordable: as it is, a crop within.
        ('segmentation', (100, 150), (96, 128), (150, 100)),
        # Smaller than the smallest crop: larger.
        ('depth', (32, 48), (64, 96), (96, 64)),
        # A panorama: no strip.
        ('segmentation', (200, 2000), (96, 320), (1052, 105)),
    ],
)
def test_a_crop_has_the_image_s_shape_and_what_is_affordable(
    task, size, crop, scale
):
    of_crop, of_scale = crop_and_scale(task, size, 'cpu')
    assert of_crop.value == crop
    assert of_scale.value == scale


def test_a_gpu_affords_the_field_s_512():
    crop, scale = crop_and_scale('segmentation', (1024, 1024), 'gpu')
    assert crop.value == (512, 512)
    assert scale.value == (768, 768)


def test_class_weights_are_one_for_the_average_pixel():
    # 1/sqrt of .64 and .36 is 1.25 and 1.667; their mean over the pixels,
    # .64 * 1.25 + .36 * 1.667, is 1.4.
    weights = class_weights([64, 36]).value
    assert weights == [round(1.25 / 1.4, 2), round(1 / 0.6 / 1.4, 2)]


def test_a_class_without_pixels_gets_the_largest_weight():
    assert class_weights([1, 1, 0]).value == [1.0, 1.0, 10.0]


@pytest.mark.parametrize(
    ('farthest', 'value'),
    [
        *((7.4, 8), (9.9, 15), (10, 15), (0.4, 1), (79, 100), (78, 80)),
        *((199, 300), (1900, 2000), (250, 300)),
    ],
)
def test_max_depth_is_the_next_round_number(farthest, value):
    assert max_depth(farthest).value == value


@pytest.mark.parametrize(
    ('device', 'free', 'num_train', 'value'),
    [
        ('cpu', 16e9, 300, 4),
        ('cpu', 2.2e9, 300, 2),  # 0.7 GB for images of 0.25 GB each
        ('cpu', 16e9, 3, 2),
        ('gpu', 80e9, 300, 16),
        ('gpu', 2e9, 300, 8),
        ('gpu', 0, 300, 2),
    ],
)
def test_a_batch_is_what_memory_and_data_have(device, free, num_train, value):
    found = batch_size(device, int(free), (192, 256), num_train)
    assert found.value == value


def test_a_smaller_batch_is_half_of_it_down_to_two():
    choice = Choice(None, '')
    plan = Plan(
        'depth', choice, choice, choice, Choice(4, ''), 2, choice, choice
    )
    smaller = plan.with_smaller_batch()
    assert smaller.batch == Choice(2, '4 did not fit into memory')
    with pytest.raises(ValueError, match='Out of memory with two images'):
        smaller.with_smaller_batch()


def test_the_weights_of_camvid_are_those_of_its_config():
    # Shares of CamVid's training pixels, as its label maps have them.
    wanted = [0.9, 0.75, 3.6, 0.65, 1.7, 1.15, 3.3, 3.4, 1.5, 4.5, 6.7]
    shares = [1 / w**2 for w in wanted]  # the rule, backwards
    found = class_weights(shares).value
    scale = found[0] / wanted[0]
    assert all(
        math.isclose(f / w, scale, rel_tol=0.02)
        for f, w in zip(found, wanted, strict=True)
    )
