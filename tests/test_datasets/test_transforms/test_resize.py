"""Resizes, to the pixel, against slow loops."""

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
    DepthRandomResize,
    DepthResize,
    DepthSplatResize,
)

SIZES = [(16, 24), (16, 10), (8, 12), (5, 3), (32, 33), (48, 72), (37, 11)]


def slow_nearest(depth, size):
    """The pixels below the new centres, and where there is but one such."""
    out = np.zeros(size[::-1], np.float32)
    clear = np.zeros(size[::-1], bool)
    for row in range(size[1]):
        for column in range(size[0]):
            # In integers: floor((row + 1/2) * old / new), and the rest.
            y, rest_y = divmod((2 * row + 1) * depth.shape[0], 2 * size[1])
            x, rest_x = divmod((2 * column + 1) * depth.shape[1], 2 * size[0])
            out[row, column] = depth[y, x]
            clear[row, column] = rest_x > 0 and rest_y > 0
    return out, clear


def slow_splat(depth, size):
    out = np.zeros(size[::-1], np.float32)
    for row in range(depth.shape[0]):
        for column in range(depth.shape[1]):
            value = depth[row, column]
            to = (
                row * size[1] // depth.shape[0],
                column * size[0] // depth.shape[1],
            )
            if value > 0 and (out[to] == 0 or value < out[to]):
                out[to] = value
    return out


@pytest.mark.parametrize('size', SIZES)
def test_depth_is_the_nearest_pixels(size):
    sample = make_sample(24, 16)
    results = DepthResize(scale=size)(dict(sample))
    wanted, clear = slow_nearest(sample['gt_depth_map'], size)
    depth = results['gt_depth_map']
    assert depth.shape == wanted.shape
    np.testing.assert_array_equal(depth[clear], wanted[clear])
    assert results['img_shape'] == size[::-1] == results['img'].shape[:2]
    assert results['ori_shape'] == (24, 16)
    assert results['scale_factor'] == (size[0] / 16, size[1] / 24)


@pytest.mark.parametrize('size', SIZES)
@pytest.mark.parametrize('interpolation', ['bilinear', 'area'])
def test_rays_stay(size, interpolation):
    sample = make_sample(24, 16)
    resize = DepthResize(scale=size, interpolation=interpolation)
    results = resize(dict(sample))
    # Off the border, the image interpolates its own coordinates exactly.
    inner = np.s_[4:-4, 4:-4] if min(size) > 8 else np.s_[1:-1, 1:-1]
    # 'area' enlarges by its own rule, which is not linear, and its weights
    # are good to 1e-3.
    if interpolation == 'bilinear' or (size[0] < 16 and size[1] < 24):
        np.testing.assert_allclose(
            rays_now(results)[inner], rays_before(results)[inner], atol=1e-3
        )


def test_odd_factor_by_hand():
    """Of 3 x 3 pixels the middle stays (INTER_NEAREST keeps the first)."""
    sample = make_sample(9, 9)
    results = DepthResize(scale=(3, 3))(dict(sample))
    np.testing.assert_array_equal(
        results['gt_depth_map'], sample['gt_depth_map'][1::3, 1::3]
    )
    np.testing.assert_array_equal(results['img'], sample['img'][1::3, 1::3])
    # (20.5 + 0.5) / 3 - 0.5, (11.25 + 0.5) / 3 - 0.5
    np.testing.assert_allclose(
        results['intrinsics'], (41 / 3, 37 / 3, 6.5, 11.75 / 3 - 0.5)
    )
    np.testing.assert_array_equal(
        results['gt_depth_map'], depth_before(results, sample)
    )


def test_doubling_by_hand():
    sample = make_sample(2, 2)
    sample['gt_depth_map'] = np.float32([[1, 0], [3, 4]])
    results = DepthResize(scale=[4, 4])(sample)
    np.testing.assert_array_equal(
        results['gt_depth_map'],
        [[1, 1, 0, 0], [1, 1, 0, 0], [3, 3, 4, 4], [3, 3, 4, 4]],
    )
    assert results['intrinsics'] == (82.0, 74.0, 41.5, 23.0)


@pytest.mark.parametrize(
    ('shape', 'scale', 'wanted'),
    [
        ((60, 80), (40, 40), (30, 40)),
        ((60, 80), (40, 20), (20, 27)),
        ((80, 60), (40, 20), (27, 20)),
    ],
)
def test_keep_ratio(shape, scale, wanted):
    resize = DepthResize(scale=scale, keep_ratio=True)
    results = resize(make_sample(*shape))
    assert results['img'].shape[:2] == wanted
    assert results['gt_depth_map'].shape == wanted
    assert results['scale_factor'] == (
        wanted[1] / shape[1],
        wanted[0] / shape[0],
    )


def test_area_averages():
    sample = make_sample(4, 4)
    sample['img'] = np.zeros((4, 4, 3), np.uint8)
    sample['img'][:2, :2] = [[[10], [20]], [[30], [80]]]
    results = DepthResize(scale=(2, 2), interpolation='area')(sample)
    assert results['img'][0, 0].tolist() == [35, 35, 35]


def test_wrong_interpolation():
    with pytest.raises(
        ValueError, match="interpolation='cubic': wanted one of bilinear, area"
    ):
        DepthResize(scale=(4, 4), interpolation='cubic')


def test_random_resize():
    np.random.seed(0)
    resize = DepthRandomResize(scale=(40, 24), ratio_range=(0.5, 2.0))
    sizes = []
    for _ in range(300):
        sample = make_sample(24, 40)
        results = resize(dict(sample))
        height, width = results['img_shape']
        np.testing.assert_allclose(
            results['intrinsics'][:2], (41 * width / 40, 37 * height / 24)
        )
        assert results['gt_depth_map'].shape == (height, width)
        assert abs(height - width * 24 / 40) < 1
        sizes.append(width)
    assert min(sizes) in range(20, 23)
    assert max(sizes) in range(77, 80)


@pytest.mark.parametrize('size', SIZES)
def test_splat_is_the_slow_loop(size):
    sample = make_sample(24, 16)
    # Far before near and near before far in the order of the pixels.
    np.random.default_rng(2).shuffle(sample['gt_depth_map'].reshape(-1))
    results = DepthSplatResize(scale=size)(dict(sample))
    np.testing.assert_array_equal(
        results['gt_depth_map'], slow_splat(sample['gt_depth_map'], size)
    )
    assert results['gt_depth_map'].dtype == np.float32


def test_splat_at_ddads_size():
    rng = np.random.default_rng(3)
    depth = np.zeros((1216, 1936), np.float32)
    places = rng.choice(depth.size, 3000, replace=False)
    depth.reshape(-1)[places] = rng.uniform(1, 250, 3000)
    image = np.zeros((1216, 1936, 3), np.uint8)
    results = DepthSplatResize(scale=(640, 384))(
        dict(img=image, gt_depth_map=depth, intrinsics=INTRINSICS)
    )
    wanted = np.zeros((384, 640), np.float32)
    for place in places:
        row, column = divmod(int(place), 1936)
        to = row * 384 // 1216, column * 640 // 1936
        wanted[to] = min(wanted[to] or np.inf, depth[row, column])
    np.testing.assert_array_equal(results['gt_depth_map'], wanted)
    assert results['scale_factor'] == (640 / 1936, 384 / 1216)


def test_splat_keeps_what_nearest_loses():
    sample = make_sample(16, 16, truth=False)
    depth = np.zeros((16, 16), np.float32)
    depth[0, 0], depth[5, 6], depth[7, 4] = 3, 8, 2
    both = dict(sample, gt_depth_map=depth)
    splat = DepthSplatResize(scale=(4, 4))(dict(both))['gt_depth_map']
    assert splat[0, 0] == 3
    assert splat[1, 1] == 2  # hides the one at 8 m
    assert (splat > 0).sum() == 2
    assert not DepthResize(scale=(4, 4))(both)['gt_depth_map'].any()


def test_splat_resizes_the_image_by_area_and_the_rays_stay():
    results = DepthSplatResize(scale=(8, 12))(make_sample(24, 16))
    np.testing.assert_allclose(
        rays_now(results), rays_before(results), atol=1e-6
    )
