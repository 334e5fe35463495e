"""A sample whose image says where each of its pixels came from."""

import numpy as np

INTRINSICS = (41.0, 37.0, 20.5, 11.25)  # the centre of no pixel


def make_sample(height, width, *, truth=True, intrinsics=INTRINSICS):
    """Image channels 0 and 1 hold column and row, the depth is one-off.

    Values are floats to be exact after an interpolation. A third of the
    depths are 0. Pixels outside, which are black, are marked by channel 2.
    """
    rows, columns = np.mgrid[:height, :width]
    image = np.stack([columns, rows, np.ones_like(rows)], -1)
    sample = dict(
        img=image.astype(np.float32),
        img_path='a.jpg',
        depth_map_path='a.png',
        img_shape=(height, width),
        ori_shape=(height, width),
        seg_fields=[],
    )
    if intrinsics:
        sample['intrinsics'] = intrinsics
    if truth:
        depth = np.arange(1, height * width + 1).reshape(height, width) / 100
        depth[np.random.default_rng(0).random(depth.shape) < 1 / 3] = 0
        sample['gt_depth_map'] = depth.astype(np.float32)
        sample['seg_fields'] = ['gt_depth_map']
    return sample


def rays(intrinsics, columns, rows):
    """(X / Z, Y / Z) of what is seen at these pixels."""
    fx, fy, cx, cy = intrinsics
    return np.stack([(columns - cx) / fx, (rows - cy) / fy], -1)


def rays_now(results):
    """Rays by the new intrinsics, of every pixel of the new image."""
    rows, columns = np.indices(results['img'].shape[:2])
    return rays(results['intrinsics'], columns, rows)


def rays_before(results):
    """Rays by the old intrinsics, of where the image says it came from."""
    image = results['img']
    return rays(INTRINSICS, image[..., 0], image[..., 1])


def depth_before(results, sample):
    """The old depth of where the image says it came from; 0 outside."""
    columns, rows, inside = np.moveaxis(results['img'], -1, 0)
    depth = sample['gt_depth_map'][rows.astype(int), columns.astype(int)]
    return np.where(inside, depth, 0)
