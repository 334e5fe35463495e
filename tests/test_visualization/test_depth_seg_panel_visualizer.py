"""Pictures of classes and depth: the two visualisers' own, stacked."""

import numpy as np
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from xnet_mm.visualization import (
    DepthPanelVisualizer,
    DepthSegPanelVisualizer,
    SegPanelVisualizer,
)

META = dict(
    classes=('a', 'b'), palette=[[200, 0, 0], [0, 200, 0]], max_depth=5.0
)


def draw(kind, image, sample):
    visualizer = kind(name=kind.__name__)
    visualizer.dataset_meta = META
    return visualizer.draw_panels(image, sample)


def test_one_above_the_other():
    image = np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8)
    sample = SegDataSample()
    for key in ('gt_sem_seg', 'pred_sem_seg'):
        labels = torch.arange(40 * 60).reshape(1, 40, 60) % 2
        sample.set_data({key: PixelData(data=labels)})
    for key in ('gt_depth_map', 'pred_depth_map'):
        metres = torch.linspace(1, 5, 40 * 60).reshape(1, 40, 60)
        sample.set_data({key: PixelData(data=metres)})
    picture = draw(DepthSegPanelVisualizer, image, sample)
    top = draw(SegPanelVisualizer, image, sample)
    bottom = draw(DepthPanelVisualizer, image, sample)
    height, width = top.shape[:2]
    np.testing.assert_array_equal(picture[:height, :width], top)
    np.testing.assert_array_equal(picture[height:, : bottom.shape[1]], bottom)
    assert (picture[:height, width:] == 255).all()
