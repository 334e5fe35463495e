"""Sizes that a model takes: found by trying, and images brought to them."""

import re

import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

from xnet_mm.models.input_size import InputSize, find_input_size, own_size


def model(takes, stride=32):
    """Maps of a model that takes the sizes for which `takes` says so."""

    def run(size):
        if not takes(*size):
            raise RuntimeError(f'no {size[0]}x{size[1]}')
        return [torch.zeros(1, 2, *(-(-side // stride) for side in size))]

    return run


def find(takes, unit=16, stride=32, own=(224, 224)):
    return find_input_size(model(takes), unit, stride, own)


@pytest.mark.parametrize(
    ('takes', 'found'),
    [
        (lambda h, w: True, InputSize()),
        (lambda h, w: h % 32 == w % 32 == 0, InputSize(32, 32)),
        (lambda h, w: h % 16 == w % 16 == 0, InputSize(32, 32)),
        (lambda h, w: h % 64 == w % 64 == 0, InputSize(64, 64)),
        (lambda h, w: h >= 64 and w >= 64, InputSize(1, 64)),
        (lambda h, w: (h, w) == (224, 224), InputSize(fixed=(224, 224))),
        (lambda h, w: h <= 224 and w <= 224, InputSize(fixed=(224, 224))),
        (lambda h, w: h == w, InputSize(fixed=(224, 224))),
    ],
)
def test_found(takes, found):
    assert find(takes) == found


def test_a_size_that_is_no_square_is_tried_both_ways():
    own = (128, 512)
    assert find(lambda h, w: h <= 128, own=own) == InputSize(fixed=own)
    assert find(lambda h, w: w <= 512, own=own) == InputSize(fixed=own)


def test_maps_that_do_not_follow_the_image():
    """What CrossViT does, which re-sizes images itself."""

    def run(size):
        return [torch.zeros(1, 2, 14, 14)]

    assert find_input_size(run, 16, 16, (224, 224)).fixed == (224, 224)
    with pytest.raises(ValueError, match=r'\(64, 96\) gives a map of \(14, '):
        find_input_size(run, 16, 16, (224, 448))


def test_none_names_the_first_and_the_last():
    with pytest.raises(ValueError) as error:
        find(lambda h, w: False)
    assert str(error.value) == (
        'an image of (64, 96) gives RuntimeError: no 64x96, '
        'an image of (224, 224) gives RuntimeError: no 224x224'
    )


def test_an_error_without_words():
    def run(size):
        raise AssertionError

    with pytest.raises(ValueError, match=r'^an image of .* AssertionError, '):
        find_input_size(run, 16, 32, (224, 224))


def test_no_gradients_are_kept():
    def run(size):
        assert not torch.is_grad_enabled()
        return [torch.zeros(1, 1, *size)]

    assert find_input_size(run, 16, 16, (64, 64)) == InputSize()


def test_padded_below_and_right_and_cut():
    size = InputSize(divisor=4, least=8)
    image = torch.rand(2, 3, 5, 10)
    fitted = size.fit(image)
    wanted = torch.zeros(2, 3, 8, 12)
    wanted[:, :, :5, :10] = image
    assert torch.equal(fitted, wanted)
    assert size.fit(fitted) is fitted
    feature = torch.rand(2, 7, 2, 3)
    assert torch.equal(size.restore(feature, (5, 10), 4), feature)
    feature = torch.rand(2, 7, 4, 6)  # of stride 2
    assert torch.equal(
        size.restore(feature, (5, 10), 2), feature[:, :, :3, :5]
    )


def test_resized_and_back():
    size = InputSize(fixed=(8, 12))
    image = torch.rand(1, 3, 5, 10)
    fitted = size.fit(image)
    assert_close(fitted, F.interpolate(image, (8, 12), mode='bilinear'))
    feature = torch.rand(1, 7, 2, 3)
    wanted = F.interpolate(feature, (2, 3), mode='bilinear')
    assert_close(size.restore(feature, (5, 10), 4), wanted)
    wanted = F.interpolate(feature, (3, 5), mode='bilinear')
    assert_close(size.restore(feature, (5, 10), 2), wanted)
    assert size.fit(fitted) is fitted


def test_maps_in_their_own_pixels():
    assert InputSize(32, 64).of_maps(4) == InputSize(8, 16)
    assert InputSize(32, 32).of_maps(32) == InputSize()
    assert InputSize().of_maps(2) == InputSize()


@pytest.mark.parametrize(
    ('size', 'text', 'advice'),
    [
        (InputSize(), 'of any size', ''),
        (InputSize(1, 64), 'with sides of at least 64', 'padded'),
        (InputSize(32, 32), 'with sides that are multiples of 32', 'padded'),
        (
            InputSize(32, 64),
            'with sides that are multiples of 32 and with sides of at least '
            '64',
            'padded',
        ),
        (InputSize(fixed=(224, 96)), 'of 224x96', r're-sized.*img_size=\(H'),
    ],
)
def test_words(size, text, advice):
    assert str(size) == text
    assert bool(size.advice) == bool(advice)
    assert re.search(advice, size.advice)


class Built:
    def __init__(self, **attributes):
        vars(self).update(attributes)


@pytest.mark.parametrize(
    ('config', 'attributes', 'size'),
    [
        ('a', {}, (224, 224)),
        ('a', dict(pretrained_cfg=dict(input_size=(3, 96, 64))), (96, 64)),
        ('a', dict(img_size=(32, 64)), (32, 64)),
        (dict(img_size=48), dict(img_size=(32, 64)), (48, 48)),
        (dict(img_size=[48, 64]), {}, (48, 64)),
        (dict(depth=18), dict(pretrained_cfg=None), (224, 224)),
    ],
)
def test_own_size(config, attributes, size):
    assert own_size(config, Built(**attributes)) == size
