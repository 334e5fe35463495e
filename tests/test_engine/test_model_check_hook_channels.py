"""Loader, preprocessor, encoder and decoder agree on channels, or no run."""

from types import SimpleNamespace as Fake

import pytest
import torch
from mmcv.transforms import Compose, LoadImageFromFile, Pad
from mmengine.registry import init_default_scope
from mmseg.datasets.transforms import PhotoMetricDistortion
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from tiny_boxes import SMALL
from torch import nn

from xnet_mm.datasets.transforms import LoadImage, LoadMultiChannelImage
from xnet_mm.engine import ModelCheckHook


def model_of(encoder=5, decoder=5, means=5):
    init_default_scope('mmseg')
    first, second = (
        dict(type='timm', model_name='resnet10t', in_chans=channels)
        for channels in (encoder, decoder)
    )
    return MODELS.build(
        dict(
            type='EncoderDecoder',
            data_preprocessor=dict(
                type='xnet_mm.MultiChannelDataPreProcessor',
                mean=[1.0] * means,
                std=[1.0] * means,
            ),
            backbone=dict(type='xnet_mm.PretrainedEncoder', encoder=first),
            neck=dict(
                type='xnet_mm.PretrainedReversedDecoder', decoder=second
            ),
            decode_head=dict(type='xnet_mm.PFPHead', num_classes=2, **SMALL),
        )
    )


@pytest.fixture(scope='module')
def five():
    return model_of()


@pytest.mark.parametrize('wrapped', [False, True])
def test_boxes_that_do_not_agree(five, wrapped):
    def runner(model):
        if wrapped:  # as test-time augmentation has it
            model = MODELS.build(dict(type='SegTTAModel', module=model))
        return Fake(model=model)

    ModelCheckHook().before_run(runner(five))
    for numbers, message in (
        ((5, 3, 5), r'neck .* takes images of 3 channels, but data_prepr.* 5'),
        ((5, 5, 4), r'backbone .* images of 5 channels, but data_prepro.* 4'),
    ):
        with pytest.raises(ValueError, match=message):
            ModelCheckHook().before_run(runner(model_of(*numbers)))


def look(model, *transforms, step='train'):
    data = Fake(pipeline=Compose(transforms))
    data = Fake(datasets=[data])
    runner = Fake(model=model, train_loop=None, val_loop=None)
    setattr(runner, f'{step}_dataloader', Fake(dataset=data))
    getattr(ModelCheckHook(), f'before_{step}')(runner)


@pytest.mark.parametrize('step', ['train', 'val', 'test'])
def test_a_loader_of_others(five, step):
    look(five, LoadMultiChannelImage(), step=step)  # known when it is read
    look(five, LoadMultiChannelImage(channels=(4, 3, 2, 1, 0)), step=step)
    look(five, LoadImageFromFile(color_type='unchanged'), step=step)
    with pytest.raises(
        ValueError, match=r'Image has channels=\(0, 1\), and the model takes 5'
    ):
        look(five, LoadMultiChannelImage(channels=(0, 1)), step=step)
    with pytest.raises(
        ValueError, match=r"color_type='grayscale', .* model takes 5 channels"
    ):
        look(five, LoadImageFromFile(color_type='grayscale'), step=step)


class ColorJitter(Pad):
    """By its name one of MMPretrain's."""


@pytest.mark.parametrize(
    'transform', [PhotoMetricDistortion(), ColorJitter(size=(8, 8))]
)
def test_colours_of_other_channels(five, transform):
    name = type(transform).__name__
    message = rf'^{name} wants three channels of 8 bits, .* Leave {name} out'
    for model, loader in (
        (five, LoadMultiChannelImage()),
        (five, LoadImage()),
        (model_of(3, 3, 3), LoadMultiChannelImage()),  # perhaps of 16 bits
    ):
        with pytest.raises(ValueError, match=message):
            look(model, loader, transform)
    look(model_of(3, 3, 3), LoadImage(), transform)
    look(nn.Module(), LoadImageFromFile(), transform)


def test_padding_beyond_four(five):
    with pytest.raises(ValueError, match=r'^Pad of mmcv .* takes 5\. Leave'):
        look(five, LoadMultiChannelImage(), Pad(size=(8, 8)))
    look(model_of(4, 4, 4), LoadMultiChannelImage(), Pad(size=(8, 8)))


@pytest.mark.parametrize('found', [1, 3, 4])
def test_images_of_others(five, found):
    def batch(channels):
        sample = SegDataSample(metainfo=dict(img_path='a.tif'))
        image = torch.zeros(channels, 4, 5)
        return dict(inputs=[image], data_samples=[sample])

    ModelCheckHook().before_train_iter(Fake(model=five), 0, batch(5))
    with pytest.raises(
        ValueError,
        match=rf'^a\.tif was loaded as {found} channels .* and the model take'
        r's 5\. .*xnet_mm\.LoadMultiChannelImage',
    ):
        ModelCheckHook().before_train_iter(Fake(model=five), 0, batch(found))
