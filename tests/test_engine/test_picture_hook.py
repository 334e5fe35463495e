"""Pictures of predictions show what the loader shows."""

from types import SimpleNamespace as Fake

import cv2
import numpy as np
import pytest
from channel_files import noise, write_tiff
from mmcv.transforms import Compose
from mmengine.registry import init_default_scope
from mmseg.structures import SegDataSample

from xnet_mm.datasets.transforms import LoadImage, LoadMultiChannelImage
from xnet_mm.engine import PictureHook
from xnet_mm.visualization import SegPanelVisualizer


class Drawn(list):
    """Stands for a visualiser: keeps what it is given."""

    def add_datasample(self, name, image, data_sample, step, **options):
        self.append((name, step, image))


@pytest.fixture
def hook():
    init_default_scope('mmseg')

    def make(**options):
        SegPanelVisualizer.get_instance('pictures')
        made = PictureHook(draw=True, interval=2, **options)
        made._visualizer = Drawn()
        return made

    return make


def runner_of(transform, wrap=False):
    data = Fake(pipeline=Compose([transform]))
    loader = Fake(dataset=Fake(datasets=[data]) if wrap else data)
    return Fake(iter=10, val_dataloader=loader, test_dataloader=loader)


def samples(path, num=2):
    return [SegDataSample(metainfo=dict(img_path=str(path)))] * num


@pytest.mark.parametrize('wrap', [False, True])
def test_channels_of_a_tiff(hook, wrap, tmp_path):
    image = noise(5, 'uint8')
    path = write_tiff(tmp_path / 'a.tif', image)
    runner = runner_of(LoadMultiChannelImage(shown=(4, 0, 1)), wrap)
    made = hook()
    for batch in range(3):
        made.after_val_iter(runner, batch, {}, samples(path))
        made.after_test_iter(runner, batch, {}, samples(path))
    found = [(name, step) for name, step, _ in made._visualizer]
    # Of validation the first of every second batch, of tests all.
    assert [f for f in found if f[0] == 'val_a.tif'] == [
        ('val_a.tif', 10),
        ('val_a.tif', 12),
    ]
    assert [step for name, step in found if name == 'test_a.tif'] == [
        *(1, 2, 3, 4, 5, 6)
    ]
    for _, _, shown in made._visualizer:
        np.testing.assert_array_equal(shown, image[..., [4, 0, 1]])


def test_an_ordinary_picture(hook, tmp_path):
    image = noise(3, 'uint8')
    cv2.imwrite(str(tmp_path / 'a.png'), image[..., ::-1])
    made = hook()
    made.after_test_iter(
        runner_of(LoadImage()), 0, {}, samples(tmp_path / 'a.png', 1)
    )
    np.testing.assert_array_equal(made._visualizer[0][2], image)


def test_nothing_is_drawn_unless_asked(hook, tmp_path):
    made = hook()
    made.draw = False
    runner = runner_of(LoadImage())
    made.after_val_iter(runner, 0, {}, samples('nowhere.png'))
    made.after_test_iter(runner, 0, {}, samples('nowhere.png'))
    assert made._visualizer == []
