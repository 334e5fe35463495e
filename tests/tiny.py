"""A segmentation data set and a network so small that tests can train them."""

import copy
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.runner import Runner

CONFIGS = Path(__file__).resolve().parents[1] / 'configs'
PALETTE = [[128, 0, 0], [0, 128, 0], [0, 0, 128], [128, 128, 0], [0, 128, 128]]

_CONFIG = """
_base_ = [{runtime!r}]
data = dict(
    type='BaseSegDataset', data_root={root!r},
    data_prefix=dict(img_path='images', seg_map_path='labels'),
    img_suffix='.png', seg_map_suffix='.png',
    metainfo=dict(classes={classes!r}, palette={palette!r}))
load = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]
train_pipeline = load + [
    dict(type='RandomCrop', crop_size=(32, 32)),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PhotoMetricDistortion'), dict(type='PackSegInputs')]
test_pipeline = load + [dict(type='PackSegInputs')]
tta_pipeline = [dict(type='LoadImageFromFile'), dict(
    type='TestTimeAug', transforms=[
        [dict(type='RandomFlip', prob=0.), dict(type='RandomFlip', prob=1.)],
        [dict(type='LoadAnnotations')], [dict(type='PackSegInputs')]])]
train_dataloader = dict(
    batch_size={batch}, num_workers=0, dataset=dict(
        **data, pipeline=train_pipeline),
    sampler=dict(type='InfiniteSampler', shuffle=True))
val_dataloader = dict(
    batch_size=1, num_workers=0, dataset=dict(**data, pipeline=test_pipeline),
    sampler=dict(type='DefaultSampler', shuffle=False))
test_dataloader = val_dataloader
val_evaluator = dict(type='IoUMetric', iou_metrics=['mIoU'])
test_evaluator = val_evaluator
norm = dict(type='SyncBN')
model = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(
        type='SegDataPreProcessor', mean=[127.5] * 3, std=[127.5] * 3,
        bgr_to_rgb=True, pad_val=0, seg_pad_val=255, size_divisor=1),
    backbone=dict(
        type='ResNetV1c', depth=18, num_stages=1, strides=(1,),
        dilations=(1,), out_indices=(0,), stem_channels=8, base_channels=8,
        norm_cfg=norm, norm_eval=True),
    decode_head=dict(
        type='FCNHead', in_channels=8, in_index=0, channels=8, num_convs=0,
        concat_input=False, dropout_ratio={dropout}, num_classes={num},
        loss_decode=dict(type='CrossEntropyLoss')),
    train_cfg=dict(), test_cfg=dict(mode='whole'))
optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(type='AdamW', lr=2e-2))
param_scheduler = [dict(type='PolyLR', end={iters}, by_epoch=False)]
train_cfg = dict(
    type='IterBasedTrainLoop', max_iters={iters}, val_interval={interval})
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
default_hooks = dict(
    logger=dict(type='LoggerHook', interval=1),
    checkpoint=dict(
        type='xnet_mm.SafeCheckpointHook', by_epoch=False,
        interval={interval}, max_keep_ckpts=1, save_best='mIoU'),
    visualization=dict(type='SegVisualizationHook'))
"""


def write_tiny_seg(
    root: Path,
    num: int = 6,
    size: tuple[int, int] = (48, 64),
    num_classes: int = 3,
    seed: int = 0,
) -> Path:
    """Write `num` images and label maps; a class can be told by its colour.

    Layout: ROOT/images/0.png (RGB), ROOT/labels/0.png (8 bit ids); one row
    of each label map is void (255).
    """
    rng = np.random.default_rng(seed)
    for folder in ('images', 'labels'):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for i in range(num):
        blocks = rng.integers(num_classes, size=(3, 4), dtype=np.uint8)
        labels = cv2.resize(blocks, size[::-1], interpolation=0)
        image = np.array(PALETTE, np.uint8)[labels]
        image = image + rng.integers(60, size=image.shape, dtype=np.uint8)
        labels[0] = 255
        cv2.imwrite(str(root / 'images' / f'{i}.png'), image[..., ::-1])
        cv2.imwrite(str(root / 'labels' / f'{i}.png'), labels)
    return root


def write_tiny_config(
    path: Path,
    root: Path,
    num_classes: int = 3,
    iters: int = 4,
    interval: int = 2,
    batch: int = 2,
    dropout: float = 0.5,
    extra: str = '',
) -> Path:
    """Write a config of an FCN on a ResNet's first stage, 8 channels.

    Args:
        path: Of the config.
        root: Of the data, from `write_tiny_seg`.
        num_classes: Of the data.
        iters: Length of the training.
        interval: Of validation and checkpoints.
        batch: Images per process.
        dropout: Of the head.
        extra: More config lines.
    """
    text = _CONFIG.format(
        runtime=str(CONFIGS / '_base_' / 'default_runtime.py'),
        root=str(root),
        classes=[f'class {i}' for i in range(num_classes)],
        palette=PALETTE[:num_classes],
        num=num_classes,
        iters=iters,
        interval=interval,
        batch=batch,
        dropout=dropout,
    )
    path.write_text(text + extra)
    return path


def train(folder: Path) -> tuple[Config, dict]:
    """Train for two iterations; the config, and the checkpoint's content."""
    path = write_tiny_config(
        folder / 'config.py', write_tiny_seg(folder / 'data'), iters=2
    )
    cfg = Config.fromfile(path)
    cfg.work_dir = str(folder / 'work')
    run(cfg).train()
    content = torch.load(folder / 'work/iter_2.pth', weights_only=False)
    return cfg, content


def copy_of(trained: tuple[Config, dict], folder: Path) -> tuple[Config, dict]:
    """The same with an own work dir, and the checkpoint as `load_from`."""
    cfg, content = copy.deepcopy(trained)
    cfg.work_dir = str(folder / 'work')
    cfg.load_from = str(folder / 'a.pth')
    torch.save(content, cfg.load_from)
    return cfg, content


def run(cfg: Config, runner: type = Runner) -> Runner:
    """A runner, whose name no other has."""
    cfg.log_level = 'WARNING'
    cfg.experiment_name = f'{Path(cfg.work_dir).parent.name}-{id(cfg)}'
    return runner.from_cfg(cfg)
