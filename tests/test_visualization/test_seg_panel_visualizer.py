"""The segmentation visualiser: exact colours, void, legend, no truth."""

from itertools import count

import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from xnet_mm.registry import VISUALIZERS
from xnet_mm.visualization.panels import GAP, ROW

CLASSES = ('sky', 'road', 'a rather long name')
PALETTE = [[10, 20, 30], [40, 50, 60], [70, 80, 90]]
NUMBERS = count()


def make_visualizer(**kwargs):
    name = f'tested {next(NUMBERS)}'  # MMEngine keeps one of each name
    visualizer = VISUALIZERS.build(
        dict(type='xnet_mm.SegPanelVisualizer', name=name, **kwargs)
    )
    visualizer.dataset_meta = dict(classes=CLASSES, palette=PALETTE)
    return visualizer


def sample(**maps):
    data_sample = SegDataSample()
    for key, labels in maps.items():
        data = torch.tensor(labels)[None]
        data_sample.set_data({key: PixelData(data=data)})
    return data_sample


def has_colour(image, colour):
    return (image == np.array(colour)).all(-1).any()


def test_visualizer_paints_truth_and_prediction():
    image = np.full((20, 30, 3), 200, np.uint8)
    truth = np.zeros((20, 30), np.int64)
    truth[:, 15:] = 255
    prediction = np.ones((20, 30), np.int64)
    picture = make_visualizer().draw_panels(
        image, sample(gt_sem_seg=truth, pred_sem_seg=prediction)
    )
    second, third = 30 + GAP, 2 * (30 + GAP)
    assert np.array_equal(picture[ROW : ROW + 20, :30], image)
    assert (picture[ROW : ROW + 20, second : second + 15] == PALETTE[0]).all()
    assert (picture[ROW : ROW + 20, second + 15 : second + 30] == 0).all()
    assert (picture[ROW : ROW + 20, third : third + 30] == PALETTE[1]).all()
    strip = picture[ROW + 20 :]
    assert has_colour(strip, PALETTE[0])
    assert has_colour(strip, PALETTE[1])
    assert not has_colour(strip, PALETTE[2])


def test_truth_panel_is_left_out_and_labels_follow_the_image():
    image = np.zeros((20, 30, 3), np.uint8)
    prediction = np.repeat([[0, 2]], 10, axis=0)  # (10, 2), stretched
    picture = make_visualizer().draw_panels(
        image, sample(pred_sem_seg=prediction)
    )
    second = 30 + GAP
    assert (picture[ROW : ROW + 20, second : second + 15] == PALETTE[0]).all()
    assert (picture[ROW : ROW + 20, second + 15 :][:, :15] == PALETTE[2]).all()


def test_panels_can_be_switched_off():
    image = np.zeros((20, 200, 3), np.uint8)
    labels = np.ones((20, 200), np.int64)
    both = sample(gt_sem_seg=labels, pred_sem_seg=labels)
    visualizer = make_visualizer()
    one = visualizer.draw_panels(image, both, draw_gt=False)
    assert one.shape[1] == 200 + GAP + 200
    none = visualizer.draw_panels(image, both, draw_gt=False, draw_pred=False)
    assert none.shape == (ROW + 20, 200, 3)  # nor is there a legend
    assert np.array_equal(none, visualizer.draw_panels(image, None))


def test_missing_meta_is_an_error():
    visualizer = make_visualizer()
    visualizer.dataset_meta = dict(classes=CLASSES)
    with pytest.raises(ValueError, match=r"needs dataset_meta.*\['classes'\]"):
        visualizer.draw_panels(np.zeros((2, 2, 3), np.uint8), None)
