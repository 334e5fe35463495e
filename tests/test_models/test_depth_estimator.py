"""The depth estimator: every way of inference."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmseg.registry import MODELS
from tiny_boxes import (
    DEPTH_PEERS,
    PREPROCESSOR,
    depth_peer,
    depth_sample,
    estimator,
)
from torch import nn


class Rows(nn.Module):
    """Stands for the network: the depth of a pixel is its red channel."""

    def forward(self, image):
        return image[:, :1].abs() + 0.5


def stub(**test_cfg):
    """An estimator whose depth can be told from the image by hand."""
    model = estimator(**test_cfg)
    model.extract_feat = lambda image: image
    model.decode_head.predict = lambda image: Rows()(image)
    return model


@pytest.mark.parametrize('head', ['PFPDepthHead', *DEPTH_PEERS])
def test_test_step_gives_metres_at_the_original_size(head):
    model = (
        estimator() if head == 'PFPDepthHead' else depth_peer(head)
    ).eval()
    data = dict(
        inputs=[torch.randint(256, (3, 67, 94), dtype=torch.uint8)],
        data_samples=[depth_sample(ori_shape=(134, 188), img_shape=(67, 94))],
    )
    (result,) = model.test_step(data)
    depth = result.pred_depth_map.data
    assert depth.shape == (1, 134, 188)
    assert depth.dtype == torch.float32
    assert depth.min() > 0
    assert depth.max() <= 10


def test_what_clients_of_mmseg_ask_for():
    model = stub()
    assert model.dataset_meta == dict(classes=None, palette=None)
    model.dataset_meta = dict(max_depth=7.0)
    wanted = dict(classes=None, palette=None, max_depth=7.0)
    assert model.dataset_meta == wanted
    assert copy.deepcopy(model).dataset_meta == wanted
    (sample,) = model.postprocess_result(torch.ones(1, 1, 4, 5))
    assert sample.max_depth == model.decode_head.max_depth


def test_test_batch_of_several_sizes():
    model = estimator()
    images = [
        torch.randint(256, (3, *size), dtype=torch.uint8)
        for size in ((64, 96), (70, 64), (64, 96))
    ]

    def predict(some):
        samples = [depth_sample(ori_shape=tuple(i.shape[1:])) for i in some]
        results = model.test_step(dict(inputs=some, data_samples=samples))
        return [r.pred_depth_map.data for r in results]

    for together, alone in zip(
        predict(images), [predict([i])[0] for i in images], strict=True
    ):
        torch.testing.assert_close(together, alone)


@pytest.mark.parametrize('direction', ['horizontal', 'vertical', 'diagonal'])
def test_padding_and_flip_are_undone(direction):
    model = stub()
    image = torch.rand(3, 6, 8)
    dims = dict(horizontal=[2], vertical=[1], diagonal=[1, 2])[direction]
    seen = F.pad(image.flip(dims), (0, 2, 0, 4))
    (result,) = model.predict(
        seen[None],
        [
            depth_sample(
                ori_shape=(6, 8),
                flip=True,
                flip_direction=direction,
                img_padding_size=(0, 2, 0, 4),
            )
        ],
    )
    torch.testing.assert_close(result.pred_depth_map.data, image[:1] + 0.5)


def enlarge(depth, size, align_corners):
    """Bilinear resize of (h, w) by its formula, one pixel after the other."""
    (h, w), (height, width) = depth.shape, size
    result = torch.empty(size, dtype=torch.float64)

    def place(i, old, new):
        if align_corners:
            at = i * (old - 1) / (new - 1)
        else:
            at = max((i + 0.5) * old / new - 0.5, 0)
        low = min(int(at), old - 1)
        return low, min(low + 1, old - 1), at - low

    for row in range(height):
        top, below, down = place(row, h, height)
        for column in range(width):
            left, right, along = place(column, w, width)
            corners = depth[[top, top, below, below], [left, right] * 2]
            result[row, column] = corners.double() @ torch.tensor(
                [
                    (1 - down) * (1 - along),
                    (1 - down) * along,
                    down * (1 - along),
                    down * along,
                ],
                dtype=torch.float64,
            )
    return result


@pytest.mark.parametrize(
    ('head', 'test_cfg', 'corners'),
    [
        (False, {}, False),
        (False, dict(align_corners=True), True),
        (False, dict(align_corners=False), False),
        (True, {}, True),  # as it was
        (True, dict(align_corners=False), False),
    ],
)
def test_resize_to_the_original_size(head, test_cfg, corners):
    model = stub(**test_cfg)
    model.align_corners = head
    image = torch.rand(1, 3, 6, 10) * 20
    samples = [depth_sample(ori_shape=(19, 31), img_padding_size=(0, 2, 0, 1))]
    (result,) = model.predict(image, samples)
    depth = result.pred_depth_map.data[0]
    wanted = enlarge(image[0, 0, :5, :8] + 0.5, (19, 31), corners)
    torch.testing.assert_close(depth.double(), wanted, rtol=1e-5, atol=1e-5)
    # The corners are those of the small map either way; the rest is not.
    other = enlarge(image[0, 0, :5, :8] + 0.5, (19, 31), not corners)
    assert (wanted - other).abs().max() > 0.5


def test_slide_is_the_mean_over_windows():
    model = stub(mode='slide', crop_size=(4, 6), stride=(3, 4))
    image = torch.rand(2, 3, 9, 13)
    # Depth that differs from window to window: the window's own maximum.
    model.decode_head.predict = lambda x: (
        torch.ones_like(x[:, :1]) * x[:, :1].amax((2, 3), keepdim=True)
    )
    total, count = np.zeros((2, 9, 13)), np.zeros((9, 13))
    for y in (0, 3, 5):
        for x in (0, 4, 7):
            window = image[:, 0, y : y + 4, x : x + 6].numpy()
            peak = window.max((1, 2), keepdims=True)
            total[:, y : y + 4, x : x + 6] += peak
            count[y : y + 4, x : x + 6] += 1
    np.testing.assert_allclose(
        model.inference(image)[:, 0], total / count, rtol=1e-6
    )


def test_slide_over_an_image_smaller_than_the_window_is_whole():
    image = torch.rand(1, 3, 64, 96)
    torch.manual_seed(0)
    slide = estimator(mode='slide', crop_size=(128, 128), stride=(64, 64))
    whole = estimator(mode='whole')
    whole.load_state_dict(slide.state_dict())
    with torch.no_grad():
        torch.testing.assert_close(
            slide.inference(image), whole.inference(image)
        )


def test_flip_mean_and_blend():
    # A network that sees places: its depth rises from left to right.
    ramp = torch.linspace(1, 2, 41)

    def predict(image):
        return ramp.expand(len(image), 1, image.shape[2], 41)

    results = {}
    for flip in ('none', 'mean', 'blend'):
        model = stub(flip=flip)
        model.decode_head.predict = predict
        results[flip] = model.inference(torch.zeros(1, 3, 2, 41))[0, 0, 0]
    torch.testing.assert_close(results['none'], ramp)
    torch.testing.assert_close(results['mean'], torch.full((41,), 1.5))
    # 41 columns are 2.5 % apart: columns 0 to 2 lie within 5 % of the left
    # border, and the ramp 20 (x - 0.05) ends at 10 %, with column 4.
    wanted = torch.full((41,), 1.5)
    mirrored = ramp.flip(0)
    for column, share in ((0, 1.0), (1, 1.0), (2, 1.0), (3, 0.5)):
        other = 40 - column
        wanted[column] = share * mirrored[column] + (1 - share) * 1.5
        wanted[other] = share * ramp[other] + (1 - share) * 1.5
    torch.testing.assert_close(results['blend'], wanted)


def test_tta_is_the_mean_of_the_views():
    model = stub()
    tta = MODELS.build(dict(type='xnet_mm.DepthTTAModel', module=model))
    tta.module.data_preprocessor = nn.Identity()
    image = torch.rand(3, 4, 6)
    views = dict(
        inputs=[[image], [image.flip(2) * 3]],
        data_samples=[
            [depth_sample(torch.ones(1, 4, 6), ori_shape=(4, 6))],
            [
                depth_sample(
                    torch.ones(1, 4, 6),
                    ori_shape=(4, 6),
                    flip=True,
                    flip_direction='horizontal',
                )
            ],
        ],
    )
    model.test_step = lambda data: model.predict(
        torch.stack(data['inputs']), data['data_samples']
    )
    (result,) = tta.test_step(views)
    torch.testing.assert_close(result.pred_depth_map.data, 2 * image[:1] + 0.5)
    assert 'gt_depth_map' in result


def test_bad_options():
    with pytest.raises(ValueError, match=r"'slide_flip'.*flip='mean'"):
        estimator(mode='slide_flip')
    with pytest.raises(ValueError, match=r"flip=True; wanted 'none'"):
        estimator(flip=True)
    with pytest.raises(ValueError, match=r"align_corners='no'; wanted True"):
        estimator(align_corners='no')
    with pytest.raises(ValueError, match=r'needs crop_size=\(height, width\)'):
        estimator(mode='slide')
    with pytest.raises(ValueError, match=r'seg_pad_val=255.*padded with 0'):
        MODELS.build(dict(PREPROCESSOR, seg_pad_val=255))
    with pytest.raises(ValueError, match=r'no window would see the pixels in'):
        estimator(mode='slide', crop_size=(32, 32), stride=(32, 33))
