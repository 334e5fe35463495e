"""MMSegmentation's own train.py and test.py on images of five channels."""

import runpy
import sys
from pathlib import Path

import cv2
import mmseg
import torch
from channel_files import write_segmentation

from xnet_mm.visualization import SegPanelVisualizer

TOOLS = Path(mmseg.__file__).parent / '.mim' / 'tools'
CONFIG = """
_base_ = [{runtime!r}]
load = dict(type='xnet_mm.LoadMultiChannelImage')
steps = [load, dict(type='LoadAnnotations'),
         dict(type='RandomFlip', prob=0.5), dict(type='PackSegInputs')]
data = dict(
    type='xnet_mm.FolderSegDataset', data_root={root!r}, img_suffix='.tif',
    data_prefix=dict(img_path='images', seg_map_path='labels'),
    metainfo=dict(classes=('a', 'b', 'c')), pipeline=steps)
train_dataloader = dict(
    batch_size=2, num_workers=0, dataset=data,
    sampler=dict(type='InfiniteSampler', shuffle=True))
val_dataloader = dict(
    batch_size=1, num_workers=0, dataset=data,
    sampler=dict(type='DefaultSampler', shuffle=False))
test_dataloader = val_dataloader
val_evaluator = test_evaluator = dict(type='IoUMetric', iou_metrics=['mIoU'])
five = dict(type='timm', model_name='resnet10t', in_chans=5)
model = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(
        type='xnet_mm.MultiChannelDataPreProcessor', size=(48, 64),
        mean=[1500.0] * 5, std=[800.0] * 5),
    backbone=dict(
        type='xnet_mm.PretrainedEncoder', encoder=five, weights={weights!r}),
    neck=dict(
        type='xnet_mm.PretrainedReversedDecoder', decoder='resnet10t',
        weights={weights!r}, channels=(2, 1, 0)),
    decode_head=dict(
        type='xnet_mm.PFPHead', num_classes=3, channels=8,
        pyramid_channels=8, loss_decode=dict(type='CrossEntropyLoss')),
    train_cfg=dict(), test_cfg=dict(mode='whole'))
optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-3))
train_cfg = dict(type='IterBasedTrainLoop', max_iters=2, val_interval=2)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
default_hooks = dict(
    checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=2),
    visualization=dict(type='xnet_mm.PictureHook'))
"""


def test_trained_and_tested(tmp_path, monkeypatch):
    import timm

    torch.manual_seed(0)
    three = timm.create_model('resnet10t').state_dict()
    torch.save(three, tmp_path / 'three.pth')
    base = Path(__file__).parents[2] / 'configs/_base_/default_runtime.py'
    config = tmp_path / 'stock.py'
    config.write_text(
        CONFIG.format(
            runtime=str(base),
            root=str(write_segmentation(tmp_path / 'data')),
            weights=str(tmp_path / 'three.pth'),
        )
    )
    work = tmp_path / 'work'

    def run(script, *arguments):
        SegPanelVisualizer._instance_dict.clear()
        monkeypatch.setenv('LOCAL_RANK', '0')
        words = [TOOLS / script, config, *arguments, '--work-dir', work]
        monkeypatch.setattr(sys, 'argv', [*map(str, words)])
        runpy.run_path(str(TOOLS / script), run_name='__main__')

    run('train.py')
    text = '\n'.join(p.read_text() for p in work.rglob('*.log'))
    assert 'adapted from 3 to 5 channels by the rule of timm: conv1' in text
    run('test.py', work / 'iter_2.pth', '--show-dir', tmp_path / 'shown')
    pictures = [*work.rglob('*.png'), *(tmp_path / 'shown').rglob('*.png')]
    assert pictures
    assert cv2.imread(str(pictures[0])).shape[1] > 2 * 64
