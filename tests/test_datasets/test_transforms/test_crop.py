"""Crops and padding, to the pixel."""

import numpy as np
import pytest
from depth_sample import (
    INTRINSICS,
    depth_before,
    make_sample,
    rays_before,
    rays_now,
)

from xnet_mm.datasets.transforms import (
    DepthRandomCrop,
    DepthRandomPad,
    DepthResize,
    KBCrop,
    NYUCrop,
)
from xnet_mm.datasets.transforms.crop import kb_box


def assert_in_step(results, sample):
    """Image, depth and intrinsics tell of the same pixels."""
    assert results['img_shape'] == results['img'].shape[:2]
    np.testing.assert_array_equal(
        results['gt_depth_map'], depth_before(results, sample)
    )
    inside = results['img'][..., 2] == 1
    np.testing.assert_allclose(
        rays_now(results)[inside], rays_before(results)[inside], atol=1e-5
    )


@pytest.mark.parametrize(
    ('shape', 'corner'),
    [
        ((375, 1242), (23, 13)),
        ((370, 1226), (18, 5)),
        ((374, 1238), (22, 11)),
        ((376, 1241), (24, 12)),
        ((352, 1217), (0, 0)),
    ],
)
def test_kb_crop(shape, corner):
    sample = make_sample(*shape)
    results = KBCrop()(dict(sample))
    top, left = corner
    assert results['crop_box'] == (top, left, 352, 1216)
    assert kb_box(*shape) == (top, left, 352, 1216)
    assert results['img_shape'] == results['ori_shape'] == (352, 1216)
    assert results['intrinsics'] == (41.0, 37.0, 20.5 - left, 11.25 - top)
    # The bottom rows, and the middle columns.
    np.testing.assert_array_equal(
        results['gt_depth_map'],
        sample['gt_depth_map'][-352:, left : left + 1216],
    )
    assert_in_step(results, sample)


def test_kb_crop_of_a_cropped_image_is_nothing():
    sample = make_sample(352, 1216)
    results = KBCrop()(dict(sample))
    assert results['crop_box'] == (0, 0, 352, 1216)
    for key in ('img', 'gt_depth_map', 'intrinsics', 'ori_shape', 'img_shape'):
        np.testing.assert_array_equal(results[key], sample[key])


def test_kb_crop_twice_still_says_where_in_the_file():
    once = KBCrop()(make_sample(375, 1242))
    twice = KBCrop()(dict(once))
    for key in ('img', 'gt_depth_map', 'intrinsics', 'ori_shape', 'crop_box'):
        np.testing.assert_array_equal(twice[key], once[key])


def test_crop_box_puts_a_prediction_back():
    sample = make_sample(370, 1226)
    results = KBCrop()(dict(sample))
    top, left, height, width = results['crop_box']
    full = np.zeros((370, 1226), np.float32)
    full[top : top + height, left : left + width] = results['gt_depth_map']
    kept = full > 0
    np.testing.assert_array_equal(full[kept], sample['gt_depth_map'][kept])


@pytest.mark.parametrize('shape', [(351, 1242), (375, 1215)])
def test_kb_crop_of_a_small_image(shape):
    with pytest.raises(
        ValueError,
        match=rf'a\.jpg: {shape[1]}x{shape[0]} pixels, but KBCrop cuts 1216x',
    ):
        KBCrop()(make_sample(*shape))


def test_kb_crop_after_a_resize():
    results = DepthResize(scale=(1250, 380))(make_sample(375, 1242))
    with pytest.raises(
        ValueError,
        match=r'a\.jpg: KBCrop cuts a file of \(375, 1242\) .*'
        r'is \(380, 1250\) now. Put it before',
    ):
        KBCrop()(results)


def test_nyu_crop():
    sample = make_sample(480, 640)
    results = NYUCrop()(dict(sample))
    assert results['ori_shape'] == results['img_shape'] == (427, 565)
    assert results['crop_box'] == (45, 43, 427, 565)
    np.testing.assert_array_equal(
        results['gt_depth_map'], sample['gt_depth_map'][45:472, 43:608]
    )
    assert_in_step(results, sample)


def test_nyu_crop_that_keeps_the_size():
    sample = make_sample(480, 640)
    results = NYUCrop(keep_size=True)(dict(sample))
    assert results['img'] is sample['img']
    assert results['intrinsics'] == INTRINSICS
    assert results['ori_shape'] == (480, 640)
    assert 'crop_box' not in results
    wanted = sample['gt_depth_map'].copy()
    wanted[:45] = wanted[472:] = wanted[:, :43] = wanted[:, 608:] = 0
    np.testing.assert_array_equal(results['gt_depth_map'], wanted)


@pytest.mark.parametrize('keep_size', [False, True])
def test_nyu_crop_of_another_size(keep_size):
    with pytest.raises(
        ValueError, match=r'a\.jpg: 561x427 pixels, but NYUCrop wants .*640x48'
    ):
        NYUCrop(keep_size)(make_sample(427, 561))


def test_random_crop():
    np.random.seed(0)
    sample = make_sample(7, 9)
    crop = DepthRandomCrop(crop_size=[5, 6])
    corners = set()
    for _ in range(200):
        results = crop(dict(sample))
        assert results['img'].shape == (5, 6, 3)
        assert results['ori_shape'] == (7, 9)
        assert_in_step(results, sample)
        corners.add(tuple(results['img'][0, 0, :2].astype(int).tolist()))
    assert corners == {(left, top) for left in range(4) for top in range(3)}


def test_random_crop_keeps_a_short_side():
    sample = make_sample(4, 20)
    results = DepthRandomCrop(crop_size=8)(dict(sample))
    assert results['img_shape'] == (4, 8)
    assert_in_step(results, sample)


def test_random_pad():
    np.random.seed(0)
    sample = make_sample(4, 6)
    pad = DepthRandomPad(size=(6, 9))
    corners = set()
    for _ in range(200):
        results = pad(dict(sample))
        assert results['img'].shape == (6, 9, 3)
        assert results['gt_depth_map'].dtype == np.float32
        assert_in_step(results, sample)
        inside = results['img'][..., 2] == 1
        assert inside.sum() == 4 * 6
        assert not results['img'][~inside].any()
        corners.add(tuple(np.argwhere(inside)[0].tolist()))
    assert corners == {(top, left) for left in range(4) for top in range(3)}


def test_random_pad_leaves_a_long_side():
    sample = make_sample(4, 20)
    results = DepthRandomPad(size=8)(dict(sample))
    assert results['img_shape'] == (8, 20)
    assert_in_step(results, sample)
    same = DepthRandomPad(size=(4, 6))(dict(sample))
    assert same['img'] is sample['img']
    assert same['intrinsics'] == INTRINSICS


@pytest.mark.parametrize('size', [0, (3,), (3, 4, 5), (0, 4)])
def test_wrong_sizes(size):
    with pytest.raises(ValueError, match=r'crop_size=.*wanted \(height, widt'):
        DepthRandomCrop(crop_size=size)
    with pytest.raises(ValueError, match=r'size=.*wanted \(height, width\)'):
        DepthRandomPad(size=size)
