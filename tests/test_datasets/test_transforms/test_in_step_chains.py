"""What holds for every depth transform, and for the papers' chains of them."""

import cv2
import numpy as np
import pytest
from depth_sample import make_sample
from mmcv.transforms import Compose
from real_data import REAL, needs_real

from xnet_mm.registry import TRANSFORMS

ROTATE = dict(type='xnet_mm.DepthRandomRotate', prob=0.5, degree=2.5)
NYU = [  # BinsFormer
    dict(type='xnet_mm.NYUCrop'),
    ROTATE,
    dict(type='xnet_mm.DepthRandomFlip', prob=0.5),
    dict(type='xnet_mm.DepthRandomCrop', crop_size=(416, 544)),
    dict(
        type='xnet_mm.DepthColorAug',
        prob=0.5,
        gamma_range=(0.9, 1.1),
        brightness_range=(0.75, 1.25),
        color_range=(0.9, 1.1),
        mode='mdet',
    ),
]
KITTI = [  # BinsFormer
    dict(type='xnet_mm.KBCrop'),
    ROTATE,
    dict(type='xnet_mm.DepthRandomFlip', prob=0.5),
    dict(type='xnet_mm.DepthRandomCrop', crop_size=(352, 704)),
    dict(type='xnet_mm.DepthColorAug', prob=0.5, mode='mdet'),
]
DDAD = [  # GEDepth
    dict(type='xnet_mm.DepthSplatResize', scale=(640, 384)),
    dict(
        type='xnet_mm.DepthRandomResize',
        scale=(640, 384),
        ratio_range=(0.5, 2.0),
    ),
    dict(type='xnet_mm.DepthRandomPad', size=(384, 640)),
    ROTATE,
    dict(type='xnet_mm.DepthRandomFlip', prob=0.0),
    dict(type='xnet_mm.DepthRandomCrop', crop_size=(384, 640)),
    dict(type='xnet_mm.DepthColorAug', prob=0.5, mode='mdet'),
]
CHAINS = [
    pytest.param(NYU, (480, 640), (416, 544), id='nyu'),
    pytest.param(KITTI, (375, 1242), (352, 704), id='kitti'),
    pytest.param(DDAD, (1216, 1936), (384, 640), id='ddad'),
]
ALL = [  # each changes something, whatever the dice say
    (dict(type='xnet_mm.KBCrop'), (375, 1242)),
    (dict(type='xnet_mm.NYUCrop'), (480, 640)),
    (dict(type='xnet_mm.NYUCrop', keep_size=True), (480, 640)),
    (dict(type='xnet_mm.DepthRandomRotate', prob=1), (24, 40)),
    (dict(type='xnet_mm.DepthRandomFlip', prob=1), (24, 40)),
    (dict(type='xnet_mm.DepthRandomCrop', crop_size=16), (24, 40)),
    (dict(type='xnet_mm.DepthResize', scale=(31, 17)), (24, 40)),
    (
        dict(
            type='xnet_mm.DepthRandomResize',
            scale=(40, 24),
            ratio_range=(1.5, 2),
        ),
        (24, 40),
    ),
    (dict(type='xnet_mm.DepthSplatResize', scale=(31, 17)), (24, 40)),
    (dict(type='xnet_mm.DepthRandomPad', size=64), (24, 40)),
    (dict(type='xnet_mm.DepthColorAug', prob=1), (24, 40)),
]
EACH = pytest.mark.parametrize(
    ('config', 'shape'),
    ALL,
    ids=[config['type'].split('.')[1] for config, _ in ALL],
)


def make_8bit(height, width, **kwargs):
    sample = make_sample(height, width, **kwargs)
    image = np.random.default_rng(1).integers(
        1, 256, (height, width, 3), dtype=np.uint8
    )
    return dict(sample, img=image)


@EACH
def test_depth_comes_from_the_input_alone(config, shape):
    sample = make_8bit(*shape)
    before = sample['gt_depth_map'].copy()
    results = TRANSFORMS.build(config)(dict(sample))
    depth = results['gt_depth_map']
    assert depth.dtype == np.float32
    assert depth.shape == results['img'].shape[:2] == results['img_shape']
    assert results['img'].dtype == np.uint8
    assert set(np.unique(depth)) <= {0, *np.unique(before)}
    assert 0 < (depth > 0).mean() < 1
    # The caller's arrays, which a cache may hold, are as they were.
    np.testing.assert_array_equal(sample['gt_depth_map'], before)


@EACH
def test_without_truth_and_without_intrinsics(config, shape):
    transform = TRANSFORMS.build(config)
    np.random.seed(0)
    full = transform(make_8bit(*shape))
    np.random.seed(0)
    bare = transform(make_8bit(*shape, truth=False, intrinsics=None))
    assert not {'gt_depth_map', 'intrinsics'} & set(bare)
    np.testing.assert_array_equal(bare['img'], full['img'])
    assert set(full) - set(bare) == {'gt_depth_map', 'intrinsics'}


@EACH
def test_all_zero_truth_stays_so(config, shape):
    sample = make_8bit(*shape)
    sample['gt_depth_map'] = np.zeros(shape, np.float32)
    results = TRANSFORMS.build(config)(sample)
    assert not results['gt_depth_map'].any()


@pytest.mark.parametrize('config', [c for c, _ in ALL[:-1]])
def test_depth_of_another_size_is_refused(config):
    sample = make_sample(24, 40)
    sample['img'] = sample['img'][:, :39]
    with pytest.raises(
        ValueError,
        match=r'a\.png: \w+ got a depth map of 40x24 and an image of 39x24',
    ):
        TRANSFORMS.build(config)(sample)


@pytest.mark.parametrize(('chain', 'shape', 'final'), CHAINS)
def test_chain_of_a_paper(chain, shape, final):
    run = Compose([TRANSFORMS.build(config) for config in chain])
    for seed in range(3):
        sample = make_8bit(*shape)
        sample['gt_depth_map'][::2] = 0
        sample['gt_depth_map'][:, np.arange(shape[1]) % 8 > 0] = 0
        values = {0, *np.unique(sample['gt_depth_map'][:, ::8])}
        np.random.seed(seed)
        results = run(sample)
        depth = results['gt_depth_map']
        assert results['img'].shape == (*final, 3)
        assert depth.shape == final == results['img_shape']
        assert 0 < (depth > 0).mean() < 1
        assert set(np.unique(depth)) <= values


@pytest.mark.parametrize(('chain', 'shape', 'final'), CHAINS[:2])
def test_same_seed_same_sample(chain, shape, final):
    run = Compose([TRANSFORMS.build(config) for config in chain])
    runs = []
    for seed in (5, 5, 6):
        np.random.seed(seed)
        runs.append(run(make_8bit(*shape)))
    for key in ('img', 'gt_depth_map', 'intrinsics'):
        np.testing.assert_array_equal(runs[0][key], runs[1][key])
    assert runs[0]['intrinsics'] != runs[2]['intrinsics']


def test_plain_names_with_custom_imports():
    from mmseg.registry import TRANSFORMS as MMSEG

    for config, _ in ALL:
        plain = dict(config, type=config['type'].split('.')[1])
        assert type(MMSEG.build(plain)) is type(TRANSFORMS.build(config))


@needs_real('formats')
@pytest.mark.parametrize(
    ('folder', 'scale', 'chain'),
    [('nyu_sync_mm', 1000, NYU), ('kitti_256', 256, KITTI)],
)
def test_real_files(folder, scale, chain):
    run = Compose([TRANSFORMS.build(config) for config in chain])
    images = sorted((REAL / 'formats' / folder / 'rgb').iterdir())
    depths = sorted((REAL / 'formats' / folder / 'depth').iterdir())
    for image_path, depth_path in zip(images, depths, strict=True):
        depth = cv2.imread(str(depth_path), cv2.IMREAD_UNCHANGED) / scale
        image = cv2.imread(str(image_path))
        sample = dict(
            img=image,
            gt_depth_map=depth.astype(np.float32),
            ori_shape=image.shape[:2],
        )
        results = run(sample)
        shape = chain[3]['crop_size']
        assert results['gt_depth_map'].shape == results['img_shape'] == shape
        assert np.isin(results['gt_depth_map'], depth.astype('f4')).all()
        assert results['gt_depth_map'].any()
