"""KB crop, DDAD's resize, and what is refused."""

import numpy as np
import pytest
from judged import named

from xnet_mm.datasets.transforms import KBCrop
from xnet_mm.judge.sizes import fit_sizes

KITTI = named('kitti_eigen_garg')


def ramp(height, width):
    return np.arange(height * width, dtype=np.float32).reshape(height, width)


@pytest.mark.parametrize('shape', [(375, 1242), (370, 1226), (376, 1241)])
def test_kb_crop_is_that_of_the_pipeline(shape):
    full = ramp(*shape)
    sample = dict(img=full, ori_shape=shape, img_path='a.png')
    wanted = KBCrop().transform(sample)['img']
    for pred, done in (
        (full, ('predictions cut to the KB crop', 'truth cut to the KB crop')),
        (wanted, ('truth cut to the KB crop',)),
    ):
        ours, gt, said = fit_sizes(KITTI, pred, full, 'a')
        assert np.array_equal(ours, wanted) and np.array_equal(gt, wanted)
        assert said == done


def test_equal_maps_stay_as_they_are():
    pred, gt = ramp(480, 640), ramp(480, 640)
    assert fit_sizes(named('nyu_eigen'), pred, gt, 'a') == (pred, gt, ())


def test_resize_of_gedepth_keeps_the_corner_pixels():
    """Centres of corner pixels over each other: 0, 1.5, 3 of 0, 3."""
    pred = np.float32([[0, 3], [6, 9]])
    ours, _, done = fit_sizes(named('ddad'), pred, ramp(3, 3), 'a')
    assert ours.tolist() == [[0, 1.5, 3], [3, 4.5, 6], [6, 7.5, 9]]
    assert done == ('predictions resized (bilinear, align_corners=True)',)


@pytest.mark.parametrize(
    ('protocol', 'pred', 'gt', 'said'),
    [
        (
            *('nyu_eigen', (240, 320), (480, 640)),
            r'a: the prediction has 240x320 pixels, its truth 480x640 .*nyu_'
            'eigen does not say how to resize. Bring the prediction to',
        ),
        ('nyu_eigen', (48, 64), (48, 64), 'nyu_eigen wants 480x640 maps'),
        ('kitti_official', (375, 1242), (352, 1216), 'has 375x1242 pixels'),
        (
            *('kitti_eigen_garg', (376, 1242), (375, 1242)),
            'has 376x1242 pixels, its truth 375x1242',
        ),
        ('kitti_eigen_eigen', (192, 640), (352, 1216), 'has 192x640 pixels'),
        ('kitti_eigen_garg', (192, 640), (192, 640), 'wants 352x1216 maps'),
    ],
)
def test_other_sizes_are_refused(protocol, pred, gt, said):
    with pytest.raises(ValueError, match=said):
        fit_sizes(named(protocol), ramp(*pred), ramp(*gt), 'a')
