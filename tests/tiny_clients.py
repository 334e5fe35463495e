"""Configs as shipped with a model whose predictions are known, for clients."""

import importlib.util
import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import torch
from config_files import load
from mmengine.config import Config
from mmengine.model import BaseModule
from mmseg.registry import DATASETS
from tiny_depth import BackboneOfTests, RedIsDepth  # noqa: F401  (by name)

SPACING = 40  # of red between two classes


class RedIsClass(BaseModule):
    """Predicts class k where the red channel is 40 k."""

    align_corners = False

    def __init__(self, num_classes):
        super().__init__()
        self.num_classes = self.out_channels = num_classes
        self.offset = torch.nn.Parameter(torch.zeros(()))

    def predict(self, inputs, *_):
        classes = torch.arange(self.num_classes)[:, None, None] * SPACING
        return self.offset - (inputs[0][:, :1] - classes).abs()


class KnownDepth(RedIsDepth):
    """As that one, with the range of a data set."""

    def __init__(self, max_depth):
        super().__init__()
        self.max_depth = max_depth


def is_depth(cfg):
    return cfg.visualizer.type == 'xnet_mm.DepthPanelVisualizer'


def with_known_model(config, folder):
    """A shipped config, its model replaced; (config, checkpoint)."""
    cfg = config if isinstance(config, Config) else load(config)
    dataset = cfg.test_dataloader.dataset
    meta = dict(DATASETS.get(dataset.type).METAINFO)
    meta.update(dataset.get('metainfo', {}))
    depth = is_depth(cfg)
    head = (
        dict(type='tiny_clients.KnownDepth', max_depth=meta['max_depth'])
        if depth
        else dict(
            type='tiny_clients.RedIsClass', num_classes=len(meta['classes'])
        )
    )
    cfg.model = dict(
        type='xnet_mm.MonoDepthEstimator' if depth else 'EncoderDecoder',
        data_preprocessor=dict(
            type='xnet_mm.DepthDataPreProcessor'
            if depth
            else 'SegDataPreProcessor',
            mean=[0] * 3,
            std=[1] * 3,
            bgr_to_rgb=True,
        ),
        backbone=dict(type='tiny_clients.BackboneOfTests'),
        decode_head=head,
        train_cfg=dict(),
        test_cfg=dict(mode='whole'),
    )
    checkpoint = folder / 'model.pth'
    state = {'decode_head.offset': torch.tensor(0.5 if depth else 0.0)}
    torch.save(
        dict(state_dict=state, meta=dict(dataset_meta=meta)), checkpoint
    )
    return cfg, str(checkpoint)


def columns(height, width, classes=(0, 3, 5, 1)):
    """A BGR image of upright bars, and the class of each pixel."""
    labels = np.repeat(classes, width // len(classes))
    labels = np.broadcast_to(labels, (height, len(labels)))
    image = np.zeros((*labels.shape, 3), np.uint8)
    image[..., 0] = np.arange(height)[:, None] % 256  # blue grows downwards
    image[..., 2] = labels * SPACING
    return image, labels


def write_image(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), image)
    return str(path)


def mmseg_tool(name):
    """The path of a script that MMSegmentation installs."""
    package = Path(importlib.util.find_spec('mmseg').origin).parent
    return package / '.mim' / 'tools' / name


def run_mmseg(monkeypatch, name, *argv):
    """Run one of MMSegmentation's scripts as from the command line."""
    script = str(mmseg_tool(name))
    monkeypatch.setattr(sys, 'argv', [script, *map(str, argv)])
    runpy.run_path(script, run_name='__main__')
