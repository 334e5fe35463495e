"""A depth model that reads the red channel, its config and its checkpoint."""

from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.model import BaseModule

REPO = Path(__file__).resolve().parents[1]
CONFIG = """
_base_ = [{runtime!r}]
load = [dict(type='LoadImageFromFile'), *{crop!r}]
test_pipeline = [
    *load, dict(type='xnet_mm.LoadDepth'),
    dict(type='xnet_mm.PackDepthInputs')]
tta_pipeline = [*load, dict(type='TestTimeAug', transforms=[
    [dict(type='RandomFlip', prob=0.), dict(type='RandomFlip', prob=1.)],
    [dict(type='xnet_mm.LoadDepth')],
    [dict(type='xnet_mm.PackDepthInputs')]])]
test_dataloader = dict(
    batch_size=2, num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='xnet_mm.DepthDataset', data_root={root!r}, img_suffix='.png',
        data_prefix=dict(img_path='rgb', depth_path='depth'), test_mode=True,
        metainfo=dict(max_depth=10.), pipeline=test_pipeline))
test_evaluator = dict(type='xnet_mm.DepthProtocolMetric')
test_cfg = dict(type='TestLoop')
default_hooks = dict(visualization=dict(type='SegVisualizationHook'))
model = dict(
    type='xnet_mm.MonoDepthEstimator',
    data_preprocessor=dict(
        type='xnet_mm.DepthDataPreProcessor', mean=[0] * 3, std=[1] * 3,
        bgr_to_rgb=True),
    backbone=dict(type='tiny_depth.BackboneOfTests'),
    decode_head=dict(type='tiny_depth.RedIsDepth'),
    train_cfg=dict(), test_cfg=dict(mode='whole'))
"""


class BackboneOfTests(BaseModule):
    def forward(self, x):
        return (x,)


class RedIsDepth(BaseModule):
    """Predicts the red channel, 1/30 metre per step, and half a metre."""

    align_corners = False
    num_classes = out_channels = 1
    max_depth = 10.0

    def __init__(self):
        super().__init__()
        self.offset = torch.nn.Parameter(torch.tensor(0.5))

    def predict(self, inputs, *_):
        return inputs[0][:, :1] / 30 + self.offset


def depth_of(image):
    """What the model predicts for a BGR image."""
    return (image[..., 2] / 30 + 0.5).astype(np.float32)


def make_image(height=48, width=64, seed=0):
    rng = np.random.default_rng(seed)
    small = rng.integers(256, size=(4, 5, 3), dtype=np.uint8)
    return cv2.resize(small, (width, height))


def write_run(folder, crop=(), meta=None):
    """A config, a checkpoint and four pairs; (config, checkpoint)."""
    for i, name in enumerate(['a/0', 'a/1', 'b/0', 'b/1']):
        image, path = make_image(seed=i), folder / 'rgb' / f'{name}.png'
        truth = np.rint(depth_of(image) * 800).astype(np.uint16)
        truth[::3] = 0
        for target, content in (
            (path, image),
            (folder / 'depth' / f'{name}.png', truth),
        ):
            target.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(target), content)
    config = folder / f'{folder.name}.py'
    runtime = REPO / 'configs/_base_/depth_runtime.py'
    config.write_text(
        CONFIG.format(runtime=str(runtime), root=str(folder), crop=[*crop])
    )
    checkpoint = folder / 'model.pth'
    state = {'decode_head.offset': torch.tensor(0.5)}
    meta = dict(max_depth=10.0) if meta is None else meta
    torch.save(
        dict(state_dict=state, meta=dict(dataset_meta=meta)), checkpoint
    )
    return config, checkpoint
