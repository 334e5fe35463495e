"""The depth visualiser: where its panels are, and what they show."""

from itertools import count
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.hooks import Hook
from mmengine.structures import PixelData
from mmengine.visualization import Visualizer
from mmseg.engine.hooks import SegVisualizationHook
from mmseg.structures import SegDataSample

from xnet_mm.registry import VISUALIZERS
from xnet_mm.visualization.depth_colours import (
    colour_depth,
    colour_error,
    depth_bar,
    error_bar,
)
from xnet_mm.visualization.depth_panel_visualizer import crop_image
from xnet_mm.visualization.panels import GAP, ROW

NUMBERS = count()
BAR = 2 * ROW


def make_visualizer(**kwargs):
    name = f'depth {next(NUMBERS)}'  # MMEngine keeps one of each name
    visualizer = VISUALIZERS.build(
        dict(type='xnet_mm.DepthPanelVisualizer', name=name, **kwargs)
    )
    visualizer.dataset_meta = dict(max_depth=8.0)
    return visualizer


def sample(truth=None, prediction=None, **meta):
    data_sample = SegDataSample(metainfo=meta)
    for key, depth in (
        ('gt_depth_map', truth),
        ('pred_depth_map', prediction),
    ):
        if depth is not None:
            data = torch.tensor(depth, dtype=torch.float32)[None]
            data_sample.set_data({key: PixelData(data=data)})
    return data_sample


def scene(height=60, width=90):
    rng = np.random.default_rng(0)
    image = rng.integers(256, size=(height, width, 3), dtype=np.uint8)
    truth = rng.uniform(1, 9, (height, width)).astype(np.float32)
    prediction = truth * rng.uniform(0.7, 1.4, truth.shape).astype('f4')
    return image, truth, prediction


def test_four_panels_and_their_bars():
    image, truth, prediction = scene()
    picture = make_visualizer().draw_panels(image, sample(truth, prediction))
    error = 100 * (prediction.astype(float) - truth) / truth
    panels = [
        (image, np.full((BAR, 90, 3), 255)),
        (colour_depth(truth, 0, 8), depth_bar(0, 8, 90)),
        (colour_depth(prediction, 0, 8), depth_bar(0, 8, 90)),
        (colour_error(error), error_bar(90)),
    ]
    assert picture.shape == (ROW + 60 + BAR, 4 * 90 + 3 * GAP, 3)
    for i, (panel, bar) in enumerate(panels):
        column = picture[ROW:, i * (90 + GAP) :][:, :90]
        assert np.array_equal(column[60:], bar)
        if i < 3:
            assert np.array_equal(column[:60], panel)
        else:  # single precision may take the neighbouring colour
            close = np.abs(column[:60].astype(int) - panel).max(-1) <= 8
            assert close.all()


def test_wide_images_come_two_in_a_row():
    image, truth, prediction = scene(20, 700)
    picture = make_visualizer().draw_panels(image, sample(truth, prediction))
    height = ROW + 20 + BAR
    assert picture.shape == (2 * height, 2 * 700 + GAP, 3)
    second = picture[height + ROW :][:20, :700]
    assert np.array_equal(second, colour_depth(prediction, 0, 8))


def test_what_is_missing_is_left_out():
    image, truth, prediction = scene()
    visualizer = make_visualizer(depth_range=(2, 5))
    for data_sample, options, shown in (
        (sample(None, prediction), {}, [prediction]),
        (sample(truth), {}, [truth]),
        (sample(truth, prediction), dict(draw_gt=False), [prediction]),
        (sample(truth, prediction), dict(draw_pred=False), [truth]),
        (None, {}, []),
    ):
        picture = visualizer.draw_panels(image, data_sample, **options)
        assert picture.shape[1] == 90 + len(shown) * (90 + GAP)
        for depth in shown:
            panel = picture[ROW : ROW + 60, 90 + GAP :]
            assert np.array_equal(panel, colour_depth(depth, 2, 5))


def test_image_is_cropped_as_the_pipeline_cropped_it():
    image, truth, prediction = scene()
    box = (7, 11, 40, 50)
    truth, prediction = truth[:40, :50], prediction[:40, :50]
    data_sample = sample(truth, prediction, crop_box=box)
    cropped = image[7:47, 11:61]
    for given in (image, cropped):
        picture = make_visualizer().draw_panels(given, data_sample)
        assert np.array_equal(picture[ROW : ROW + 40, :50], cropped)
        panel = picture[ROW : ROW + 40, 50 + GAP :][:, :50]
        assert np.array_equal(panel, colour_depth(truth, 0, 8))


def test_maps_of_other_sizes_follow_the_image():
    image = scene(20, 30)[0]
    truth = np.repeat([[2.0, 6.0]], 10, axis=0)  # (10, 2)
    prediction = np.full((5, 6), 3.0)
    picture = make_visualizer().draw_panels(image, sample(truth, prediction))
    panels = [
        picture[ROW : ROW + 20, i * (30 + GAP) :][:, :30] for i in range(4)
    ]
    for columns, depth, error in (
        (slice(15), 2, 50),
        (slice(15, 30), 6, -50),
    ):
        colour = colour_depth(np.array([[depth]]), 0, 8)[0, 0]
        assert (panels[1][:, columns] == colour).all()
        colour = colour_error(np.array([[error]]))[0, 0]
        assert (panels[3][:, columns] == colour).all()
    assert (panels[2] == colour_depth(np.array([[3.0]]), 0, 8)).all()


def test_bad_range_fails_before_training():
    with pytest.raises(ValueError, match=r"two growing numbers.*got 'jet'"):
        make_visualizer(depth_range='jet')


@pytest.mark.parametrize('backend', ['Local', 'Tensorboard'])
def test_validation_hook(tmp_path, monkeypatch, backend):
    if backend == 'Tensorboard':
        pytest.importorskip('tensorboard')
    visualizer = make_visualizer(
        vis_backends=[dict(type=f'{backend}VisBackend')],
        save_dir=str(tmp_path),
    )
    monkeypatch.setattr(Visualizer, 'get_current_instance', lambda: visualizer)
    image, truth, prediction = scene()
    path = str(tmp_path / 'a.png')
    cv2.imwrite(path, image)
    hook = SegVisualizationHook(draw=True, interval=1)
    assert isinstance(hook, Hook)
    outputs = [sample(truth, prediction, img_path=path)]
    hook.after_val_iter(SimpleNamespace(iter=100), 3, {}, outputs)
    if backend == 'Local':
        expected = visualizer.draw_panels(image[..., ::-1], outputs[0])
        # The number in the name is the hook's: the stacks differ.
        (file,) = (tmp_path / 'vis_data' / 'vis_image').glob('val_a_10*.png')
        assert np.array_equal(cv2.imread(str(file))[..., ::-1], expected)
    else:
        visualizer.close()
        (events,) = (tmp_path / 'vis_data').glob('events*')
        assert b'val_a' in events.read_bytes()


def test_crop_image():
    image = np.arange(60).reshape(4, 5, 3)
    part = crop_image(image, (1, 2, 3, 2))
    np.testing.assert_array_equal(part, image[1:4, 2:4])
    assert crop_image(part, (1, 2, 3, 2)) is part
