"""Pictures: exact colours at known pixels, void, legend, no truth."""

from itertools import count

import cv2
import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from xnet_mm.registry import VISUALIZERS
from xnet_mm.visualization.panels import (
    GAP,
    ROW,
    colour_labels,
    legend,
    side_by_side,
    stack,
)

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


def test_colours_and_void():
    labels = np.array([[0, 1, 2], [255, -1, 3]])
    black = [0, 0, 0]
    expected = np.array([PALETTE, [black, black, black]])
    assert np.array_equal(colour_labels(labels, PALETTE), expected)
    assert np.array_equal(
        colour_labels(labels.astype(np.uint8)[:1], PALETTE), expected[:1]
    )


def test_legend_names_what_is_there():
    strip = legend(CLASSES, PALETTE, [0, 255], 300)
    assert strip.shape == (ROW + GAP // 2, 300, 3)
    swatch = strip[ROW // 2, GAP + 4]
    assert swatch.tolist() == PALETTE[0]
    assert not has_colour(strip, PALETTE[1])
    assert has_colour(strip, [0, 0, 0])  # void, and the letters


def test_legend_wraps_and_never_cuts_a_name():
    one = legend(CLASSES, PALETTE, [0, 1, 2], 600)
    three = legend(CLASSES, PALETTE, [0, 1, 2], 1)
    assert one.shape[0] == ROW + GAP // 2
    assert three.shape[0] == 3 * ROW + GAP // 2
    assert 1 < three.shape[1] < 600
    for colour in PALETTE:
        assert has_colour(one, colour)
        assert has_colour(three, colour)


def test_panels_are_untouched_below_their_titles():
    rng = np.random.default_rng(0)
    a, b = rng.integers(256, size=(2, 5, 7, 3), dtype=np.uint8)
    picture = side_by_side(dict(a=a, b=b))
    assert picture.shape == (ROW + 5, 7 + GAP + 7, 3)
    assert np.array_equal(picture[ROW:, :7], a)
    assert (picture[:, 7 : 7 + GAP] == 255).all()
    assert np.array_equal(picture[ROW:, 7 + GAP :], b)
    wide = np.zeros((2, 40, 3), np.uint8)
    both = stack(picture, wide)
    assert np.array_equal(both[-2:], wide)
    assert (both[: ROW + 5, 7 + GAP + 7 :] == 255).all()


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


def test_files_of_one_name_do_not_overwrite(tmp_path):
    visualizer = make_visualizer(
        vis_backends=[dict(type='LocalVisBackend')], save_dir=str(tmp_path)
    )
    image = np.full((8, 9, 3), (1, 2, 3), np.uint8)
    for step in (1, 2, 2):
        visualizer.add_datasample('test_a.jpg', image, step=step)
    folder = tmp_path / 'vis_data' / 'vis_image'
    assert visualizer.picture_dir == str(folder)
    names = sorted(p.name for p in folder.iterdir())
    assert names == ['test_a-1_2.png', 'test_a_1.png', 'test_a_2.png']
    out_file = tmp_path / 'x' / 'a.png'
    visualizer.add_datasample('a', image, out_file=str(out_file))
    assert cv2.imread(str(out_file))[ROW, 0].tolist() == [3, 2, 1]


def test_missing_meta_is_an_error():
    visualizer = make_visualizer()
    visualizer.dataset_meta = dict(classes=CLASSES)
    with pytest.raises(ValueError, match=r"needs dataset_meta.*\['classes'\]"):
        visualizer.draw_panels(np.zeros((2, 2, 3), np.uint8), None)
