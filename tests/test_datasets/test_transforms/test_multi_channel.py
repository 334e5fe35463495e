"""Loading many channels, and what follows in a pipeline."""

import numpy as np
import pytest
from channel_files import noise, write_tiff
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope

from xnet_mm.datasets.transforms import DepthColorAug, LoadMultiChannelImage


@pytest.fixture
def path(tmp_path):
    return write_tiff(tmp_path / 'a.tif', noise(5, size=(40, 60)))


def test_loaded(path):
    found = LoadMultiChannelImage()(dict(img_path=str(path)))
    assert found['img_shape'] == found['ori_shape'] == (40, 60)
    np.testing.assert_array_equal(found['img'], noise(5, size=(40, 60)))


def test_some_of_them_in_another_order(path):
    load = LoadMultiChannelImage(channels=[4, 0, 2, 2], shown=(3, 1, 0))
    image = noise(5, size=(40, 60)).astype(np.float32)
    found = load(dict(img_path=str(path)))['img']
    np.testing.assert_array_equal(found, image[..., [4, 0, 2, 2]])
    # Shown are numbers of what is loaded: 2, 0, 4 of the file; as B, G, R.
    picture = load.picture(path)
    low, high = np.percentile(image[..., 4], (2, 98))
    blue = (255 * (image[..., 4] - low) / (high - low)).clip(0, 255)
    np.testing.assert_allclose(picture[..., 0], blue, atol=0.51)
    assert repr(load) == (
        'LoadMultiChannelImage(channels=(4, 0, 2, 2), shown=(3, 1, 0))'
    )


def test_shown_by_default(tmp_path):
    for channels, shown in ((1, (0, 0, 0)), (2, (0, 0, 0)), (5, (2, 1, 0))):
        image = noise(channels, 'uint8')
        path = write_tiff(tmp_path / f'{channels}.tif', image)
        picture = LoadMultiChannelImage().picture(path)
        np.testing.assert_array_equal(picture, image[..., shown])


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(channels=3), r'channels=3; wanted numbers of channels, from 0'),
        (dict(channels=()), r'channels=\(\); wanted'),
        (dict(channels=(-1,)), r'channels=\(-1,\); wanted'),
        (dict(shown='012'), r"shown='012'; wanted"),
        (dict(shown=(0, 1)), r'shown=\(0, 1\); wanted three .*, or one'),
    ],
)
def test_numbers_that_are_none(options, message):
    with pytest.raises(ValueError, match=f'LoadMultiChannelImage: {message}'):
        LoadMultiChannelImage(**options)


def test_a_file_of_fewer(path):
    for name, options in (
        ('channels', dict(channels=(0, 7))),
        ('shown', dict(shown=(0, 1, 5))),
    ):
        load = LoadMultiChannelImage(**options)
        with pytest.raises(
            ValueError,
            match=rf'a\.tif: {name}=.* of LoadMultiChannelImage, but there a'
            r're 5 channels',
        ):
            load.picture(path)


@pytest.mark.parametrize('channels', [1, 2, 4, 5, 12])
@pytest.mark.parametrize('dtype', ['uint8', 'uint16'])
def test_what_pipelines_do_to_them(channels, dtype, tmp_path):
    """Resizing, cropping, turning, padding: of mmcv, of mmseg and ours."""
    init_default_scope('mmseg')
    path = write_tiff(
        tmp_path / 'a.tif', noise(channels, dtype, size=(40, 60))
    )
    pipeline = Compose(
        [
            dict(type='xnet_mm.LoadMultiChannelImage'),
            dict(type='RandomResize', scale=(90, 60), ratio_range=(1, 1.5)),
            dict(type='xnet_mm.DepthRandomRotate', prob=1.0),
            dict(type='RandomRotate', prob=1.0, degree=5),
            dict(type='RandomCrop', crop_size=(32, 48)),
            dict(type='RandomFlip', prob=1.0),
            dict(type='xnet_mm.DepthRandomPad', size=(50, 70)),
            dict(type='xnet_mm.PackDepthInputs'),
        ]
    )
    packed = pipeline(dict(img_path=str(path), seg_fields=[]))
    assert packed['inputs'].shape == (channels, 50, 70)
    assert packed['inputs'].float().std() > 0


def test_colours_of_many_channels():
    """Each by a factor of its own; one factor for all would be grey."""
    image = np.full((4, 6, 5), 100, np.uint8)
    np.random.seed(0)
    found = DepthColorAug(prob=1, color_range=(0.5, 1.5))(dict(img=image))
    assert found['img'].shape == image.shape
    assert len({*found['img'][0, 0].tolist()}) == 5
    with pytest.raises(TypeError, match=r'wants 8-bit .* files of more bits'):
        DepthColorAug()(dict(img=image.astype(np.float32)))
