"""PackDepthInputs: what the model is given."""

import numpy as np
import torch

from xnet_mm.datasets.transforms import PackDepthInputs


def test_packing_a_flipped_map():
    depth = np.arange(6, dtype=np.float64).reshape(2, 3)
    results = dict(img=np.zeros((2, 3, 3), np.uint8), gt_depth_map=depth)
    results['gt_depth_map'] = depth[:, ::-1]
    packed = PackDepthInputs()(results)['data_samples'].gt_depth_map.data
    assert packed.tolist() == [[[2, 1, 0], [5, 4, 3]]]
    assert packed.numpy().dtype == np.float32
    assert results['gt_depth_map'].dtype == np.float64  # left as it was


def test_image_channels_first_and_the_metadata_that_is_there():
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    packed = PackDepthInputs()(
        dict(
            img=image,
            img_path='a.jpg',
            depth_map_path=None,
            ori_shape=(2, 4),
            intrinsics=(1.0, 2.0, 3.0, 4.0),
            sample_idx=7,
        )
    )
    assert packed['inputs'].dtype == torch.uint8
    for channel in range(3):
        wanted = image[..., channel].tolist()
        assert packed['inputs'][channel].tolist() == wanted
    sample = packed['data_samples']
    assert 'gt_depth_map' not in sample
    assert sample.metainfo == dict(
        img_path='a.jpg',
        depth_map_path=None,
        ori_shape=(2, 4),
        intrinsics=(1.0, 2.0, 3.0, 4.0),
    )


def test_metadata_can_be_chosen():
    results = dict(img=np.zeros((2, 4, 3), np.uint8), a=1, b=2)
    packed = PackDepthInputs(meta_keys=['b', 'c'])(results)
    assert packed['data_samples'].metainfo == dict(b=2)
