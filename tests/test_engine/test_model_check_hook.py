"""What a model cannot run on is said before it runs."""

from types import SimpleNamespace as Fake

import pytest
import tiny
import torch
from mmcv.transforms import Compose, LoadImageFromFile
from mmengine.config import Config, ConfigDict
from mmseg.models.data_preprocessor import SegDataPreProcessor
from mmseg.structures import SegDataSample
from tiny_models import CONVNEXT, SEGMENT, xnet
from torch import nn

from xnet_mm.engine import ModelCheckHook


def test_a_window_of_mmseg_that_leaves_pixels_out():
    """59 % of them: its own words are an AssertionError without any."""
    cfg = ConfigDict(mode='slide', crop_size=(32, 32), stride=(50, 50))
    model = xnet(CONVNEXT, SEGMENT, test_cfg=cfg)
    wrapped = nn.Module()
    wrapped.module = model  # as test-time augmentation has it
    for found in (model, wrapped):
        with pytest.raises(
            ValueError, match=r'stride=\(50, 50\): no window wou'
        ):
            ModelCheckHook().before_run(Fake(model=found))
    model.test_cfg = ConfigDict(cfg, stride=(32, 32))
    ModelCheckHook().before_run(Fake(model=model))


def batch_of(channels):
    sample = SegDataSample(metainfo=dict(img_path='a.tif'))
    image = torch.zeros(channels, 4, 5, dtype=torch.uint8)
    return dict(inputs=[image] * 2, data_samples=[sample] * 2)


def model_of(means):
    model = nn.Module()
    options = dict(mean=[1.0] * means, std=[1.0] * means) if means else {}
    model.data_preprocessor = SegDataPreProcessor(**options)
    return model


@pytest.mark.parametrize('step', ['train', 'val', 'test'])
@pytest.mark.parametrize('channels', [1, 2, 4])
def test_other_channels(step, channels):
    look = getattr(ModelCheckHook(), f'before_{step}_iter')
    runner = Fake(model=model_of(3))
    look(runner, 0, batch_of(3))
    message = (
        rf'^a\.tif was loaded as {channels} channels \(shape \({channels}, 4, '
        r"5\)\), and the model takes 3\. .*color_type='color'.* N channels: "
    )
    views = {key: [value] for key, value in batch_of(channels).items()}
    for batch in (batch_of(channels), views):
        with pytest.raises(ValueError, match=message):
            look(runner, 0, batch)


@pytest.mark.parametrize('means', [0, 1])
def test_a_model_of_another_kind_is_left_alone(means):
    runner = Fake(model=model_of(means))
    ModelCheckHook().before_train_iter(runner, 0, batch_of(4))
    ModelCheckHook().before_train_iter(runner, 0, None)


@pytest.mark.parametrize('step', ['train', 'val', 'test'])
@pytest.mark.parametrize('nested', [False, True])
def test_grey_images(step, nested):
    def runner(colours, means=3):
        load = LoadImageFromFile(color_type=colours)
        data = Fake(pipeline=Compose([load]))
        data = Fake(datasets=[Fake(), data]) if nested else data
        loader = {f'{step}_dataloader': Fake(dataset=data)}
        return Fake(
            model=model_of(means), train_loop=None, val_loop=None, **loader
        )

    look = getattr(ModelCheckHook(), f'before_{step}')
    look(runner('color'))
    look(runner('unchanged'))  # three channels, if the files have them
    with pytest.raises(
        ValueError,
        match=r"color_type='grayscale', .* \(H,W\) .* takes 3 channels",
    ):
        look(runner('grayscale'))
    grey = runner('grayscale', 0)
    grey.model.backbone = Fake(in_chans=1, channels=None)
    look(grey)


def test_the_runtimes_have_it():
    for name in ('default', 'depth'):
        cfg = Config.fromfile(tiny.CONFIGS / f'_base_/{name}_runtime.py')
        types = [hook.type for hook in cfg.custom_hooks]
        assert types.count('xnet_mm.ModelCheckHook') == 1
