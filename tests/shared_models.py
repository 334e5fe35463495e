"""Small models of classes, of depth, of both; config and checkpoint."""

import copy
import json

import numpy as np
import torch
from mmengine.config import Config, ConfigDict
from mmengine.registry import DefaultScope
from mmseg.registry import MODELS
from PIL import Image

import xnet_mm

SMALL = dict(
    type='timm',
    model_name='convnext_atto',
    dims=(8, 8, 16, 16),
    depths=(1, 1, 1, 1),
)
PFP = dict(channels=4, pyramid_channels=8)
CLASSES = ('wall', 'floor', 'bed')
PALETTE = [[200, 0, 0], [0, 100, 0], [0, 0, 50]]
SEGMENTATION = dict(classes=CLASSES, palette=PALETTE)
DEPTH = dict(max_depth=8.0)
METAS = dict(
    segmentation=SEGMENTATION, depth=DEPTH, both={**SEGMENTATION, **DEPTH}
)
KINDS = [*METAS]
_PREPROCESSOR = dict(
    mean=[127.5, 120, 110], std=[60.0] * 3, bgr_to_rgb=True, size=(64, 64)
)
_CLASSES = dict(
    type='xnet_mm.PFPHead',
    num_classes=3,
    loss_decode=dict(type='CrossEntropyLoss', loss_weight=2.0),
    **PFP,
)
_DEPTH = dict(type='xnet_mm.PFPDepthHead', max_depth=8.0, **PFP)


def model_config(kind):
    """The config of a segmentor, as a training has it."""
    model = dict(
        type='EncoderDecoder',
        data_preprocessor=dict(type='SegDataPreProcessor', **_PREPROCESSOR),
        backbone=dict(
            type='xnet_mm.PretrainedEncoder',
            encoder=SMALL,
            weights='no/such/encoder.pth',
        ),
        neck=dict(
            type='xnet_mm.PretrainedReversedDecoder',
            decoder=SMALL,
            mix_init='random',
            weights='timm',
        ),
        decode_head=_CLASSES,
        train_cfg=dict(),
        test_cfg=dict(mode='whole'),
    )
    if kind != 'segmentation':
        name = 'DepthDataPreProcessor'
        model.update(type='xnet_mm.MonoDepthEstimator', decode_head=_DEPTH)
        if kind == 'both':
            name = 'DepthSegDataPreProcessor'
            model.update(
                type='xnet_mm.DepthSegmentor',
                decode_head=_CLASSES,
                depth_head=_DEPTH,
            )
        model['data_preprocessor']['type'] = f'xnet_mm.{name}'
    return copy.deepcopy(model)


def config_of(kind, steps=(), loader=None, **changes):
    """The whole config; `steps` stand behind the loader, changes in model."""
    pack = 'PackSegInputs' if kind == 'segmentation' else (
        'xnet_mm.PackDepthInputs'
    )  # fmt: skip
    return Config(
        dict(
            default_scope='mmseg',
            model={**model_config(kind), **changes},
            test_pipeline=[
                loader or dict(type='LoadImageFromFile', _scope_='xnet_mm'),
                *steps,
                dict(type=pack),
            ],
            test_evaluator=dict(
                type='xnet_mm.DepthProtocolMetric', protocol='nyu_eigen'
            ),
        )
    )


def built(cfg):
    """A model with random weights, the same each time."""
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmseg'):
        return MODELS.build(ConfigDict(copy.deepcopy(cfg.model.to_dict())))


def write_pair(folder, kind, steps=(), meta=None, loader=None, **changes):
    """A config and a checkpoint of it, as paths."""
    folder.mkdir(parents=True, exist_ok=True)
    cfg = config_of(kind, steps, loader, **changes)
    config, checkpoint = folder / 'config.py', folder / 'iter_2.pth'
    cfg.dump(config)
    meta = METAS[kind] if meta is None else meta
    state = built(cfg).state_dict()
    torch.save(dict(state_dict=state, meta=dict(dataset_meta=meta)),
               checkpoint)  # fmt: skip
    return config, checkpoint


def load_pair(folder, kind, *args, **kwargs):
    """The model of `write_pair`."""
    pair = write_pair(folder, kind, *args, **kwargs)
    return xnet_mm.load(*pair, device='cpu')


def picture(height=48, width=80, seed=0):
    """(H,W,3) uint8 RGB."""
    rng = np.random.default_rng(seed)
    return rng.integers(256, size=(height, width, 3), dtype=np.uint8)


def save_picture(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)
    return path


def arrays(result):
    """All that a prediction holds, by name."""
    sample = result._sample
    return {
        key: (data.float() if data.is_floating_point() else data).numpy()
        for key in sorted(sample.keys())
        for data in [sample.get(key).data]
    }


def assert_same(result, other):
    one, two = arrays(result), arrays(other)
    assert one.keys() == two.keys()
    for key, value in one.items():
        np.testing.assert_array_equal(value, two[key], strict=True)


def edit(folder, change):
    """Change the `config.json` of a saved model by a function."""
    path = folder / 'config.json'
    config = json.loads(path.read_text())
    path.write_text(json.dumps(change(config) or config))
    return folder
