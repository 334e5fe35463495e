"""Data, configs and checkpoints that all cases share, made by the tools."""

import json
import shutil
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import tiny

from campaign.case import Run
from campaign.desk import Desk

# Colours for as many classes as a model here has.
for i in range(len(tiny.PALETTE), 19):
    tiny.PALETTE.append([i * 37 % 190, i * 91 % 190, i * 53 % 190])
SIZE = 64, 64  # (height, width) of all images
RUNTIME = str(tiny.CONFIGS / '_base_' / 'depth_runtime.py')
_TIMM = "dict(type='timm', model_name={name!r}, {rest})"
CONVNEXT = _TIMM.format(
    name='convnext_tiny', rest='dims=(8, 16, 24, 32), depths=(1, 1, 1, 1)'
)
NARROW = _TIMM.format(
    name='convnext_tiny', rest='dims=(4, 8, 16, 24), depths=(1, 1, 1, 1)'
)
RESNET = _TIMM.format(name='resnet10t', rest='')
XNET = """
model = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(
        type='SegDataPreProcessor', mean=[127.5] * 3, std=[127.5] * 3,
        bgr_to_rgb=True, pad_val=0, seg_pad_val=255, size_divisor=1),
    backbone=dict(type='xnet_mm.PretrainedEncoder', encoder={encoder}),
    neck=dict(
        type='xnet_mm.PretrainedReversedDecoder', decoder={decoder},
        mix_init='random'),
    decode_head=dict(
        type='xnet_mm.PFPHead', num_classes={classes}, channels=8,
        pyramid_channels=8),
    train_cfg=dict(), test_cfg=dict(mode='whole'))
"""
FPN = """
model['neck'] = dict(type='xnet_mm.FPNDecoder', out_channels=8)
"""
DEPTH = """
_base_ = [{runtime!r}]
max_depth = {max_depth}
data = dict(
    type='xnet_mm.DepthDataset', data_root={root!r}, img_suffix='.png',
    data_prefix=dict(img_path='rgb', depth_path='depth'),
    metainfo=dict(max_depth=max_depth))
load = [dict(type='xnet_mm.LoadImage'), dict(type='xnet_mm.LoadDepth')]
train_pipeline = load + [
    dict(type='xnet_mm.DepthRandomFlip', prob=0.5),
    dict(type='xnet_mm.PackDepthInputs')]
test_pipeline = load + [dict(type='xnet_mm.PackDepthInputs')]
train_dataloader = dict(
    batch_size=2, num_workers=0, dataset=dict(
        **data, pipeline=train_pipeline),
    sampler=dict(type='InfiniteSampler', shuffle=True))
val_dataloader = dict(
    batch_size=1, num_workers=0, dataset=dict(
        **data, pipeline=test_pipeline, test_mode=True),
    sampler=dict(type='DefaultSampler', shuffle=False))
test_dataloader = val_dataloader
val_evaluator = dict(type='xnet_mm.DepthProtocolMetric', protocol='custom')
test_evaluator = val_evaluator
model = dict(
    type='xnet_mm.MonoDepthEstimator',
    data_preprocessor=dict(
        type='xnet_mm.DepthDataPreProcessor', mean=[127.5] * 3,
        std=[127.5] * 3, bgr_to_rgb=True, pad_val=0, size_divisor=1),
    backbone=dict(type='xnet_mm.PretrainedEncoder', encoder={encoder}),
    neck=dict(
        type='xnet_mm.PretrainedReversedDecoder', decoder={decoder},
        mix_init='random'),
    decode_head=dict(
        type='xnet_mm.PFPDepthHead', max_depth=max_depth, channels=8,
        pyramid_channels=8,
        loss_decode=dict(type='xnet_mm.ScaleInvariantLogLoss')),
    train_cfg=dict(), test_cfg=dict(mode='whole'))
optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(type='AdamW', lr=2e-3))
param_scheduler = [dict(type='PolyLR', end={iters}, by_epoch=False)]
train_cfg = dict(
    type='IterBasedTrainLoop', max_iters={iters}, val_interval={interval})
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
default_hooks = dict(
    logger=dict(type='LoggerHook', interval=1),
    checkpoint=dict(
        type='xnet_mm.SafeCheckpointHook', by_epoch=False,
        interval={interval}, max_keep_ckpts=1, save_best='abs_rel',
        rule='less'),
    visualization=dict(type='SegVisualizationHook'))
"""


def write_depth(root: Path, num: int = 6, seed: int = 0) -> Path:
    """Images whose red channel is their depth; a row is not known."""
    rng = np.random.default_rng(seed)
    for i in range(num):
        small = rng.integers(40, 240, size=(4, 5, 3), dtype=np.uint8)
        image = cv2.resize(small, SIZE[::-1])
        depth = (image[..., 2].astype(np.float32) * 35).astype(np.uint16)
        depth[0] = 0
        for folder, content in (('rgb', image), ('depth', depth)):
            path = root / folder / f'{i}.png'
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), content)
    return root


def seg_config(
    path: Path,
    root: Path,
    num_classes: int = 3,
    extra: str = '',
    encoder: str | None = None,
    decoder: str = CONVNEXT,
    **options,
) -> Path:
    """An FCN, or with an encoder an xNet. Options: `write_tiny_config`."""
    if encoder:
        text = XNET.format(
            encoder=encoder, decoder=decoder, classes=num_classes
        )
        extra = text + extra
    tiny.write_tiny_config(path, root, num_classes=num_classes, **options)
    text = path.read_text()
    for theirs, ours in (
        ("'LoadImageFromFile'", "'xnet_mm.LoadImage'"),
        ("'LoadAnnotations'", "'xnet_mm.LoadLabels'"),
    ):
        text = text.replace(theirs, ours)
    path.write_text(text + extra)
    return path


def depth_config(
    path: Path,
    root: Path,
    max_depth: float = 10.0,
    iters: int = 4,
    interval: int = 2,
    encoder: str = CONVNEXT,
    decoder: str = CONVNEXT,
    extra: str = '',
) -> Path:
    """An xNet for depth."""
    text = DEPTH.format(
        runtime=RUNTIME,
        root=str(root),
        max_depth=max_depth,
        iters=iters,
        interval=interval,
        encoder=encoder,
        decoder=decoder,
    )
    path.write_text(text + extra)
    return path


# Name -> writer of its config, data, options.
MODELS = {
    'seg3': (seg_config, 'seg', {}),
    'seg2': (seg_config, 'seg2', dict(num_classes=2)),
    'seg19': (seg_config, 'seg19', dict(num_classes=19)),
    'xnet': (seg_config, 'seg', dict(encoder=CONVNEXT)),
    'xnet-encoder': (seg_config, 'seg', dict(encoder=RESNET)),
    'xnet-decoder': (
        seg_config,
        'seg',
        dict(encoder=CONVNEXT, decoder=NARROW),
    ),
    'depth10': (depth_config, 'depth', {}),
    'depth80': (depth_config, 'depth', dict(max_depth=80.0)),
    'depth-narrow': (depth_config, 'depth', dict(decoder=NARROW)),
}
EXPORTED = ('seg3', 'depth10')


class World:
    """Paths of what was made.

    Args:
        root: Of everything.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.seg, self.depth = root / 'seg', root / 'depth'

    def config(self, name: str) -> Path:
        return self.root / 'models' / name / 'config.py'

    def checkpoint(self, name: str) -> Path:
        return self.root / 'models' / name / 'final.pth'

    def exported(self, name: str) -> Path:
        return self.root / 'models' / name / 'model.onnx'

    def figures(self, name: str) -> dict:
        return json.loads(
            self.checkpoint(name).with_suffix('.json').read_text()
        )

    def write_config(self, name: str, path: Path, **options) -> Path:
        """The config of a model, with other options."""
        write, data, own = MODELS[name]
        data = options.pop('data', self.root / data)
        return write(path, data, **{**own, **options})


def figures_of(run: Run) -> dict[str, float]:
    """The last metrics that a run has printed."""
    lines = [ln for ln in run.text.splitlines() if 'Iter(' in ln]
    lines = [ln for ln in lines if 'mIoU:' in ln or 'abs_rel:' in ln]
    if not lines:
        return {}
    words = lines[-1].split(']')[-1].split()
    found = {}
    for key, value in pairwise(words):
        if key.endswith(':') and key not in ('data_time:', 'time:'):
            found[key[:-1]] = float(value)
    return found


def prepare(root: Path) -> Path:
    """Make the world where it is not there; its folder."""
    if (root / 'whole').exists():
        return root
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    for name, classes in (('seg', 3), ('seg2', 2), ('seg19', 19)):
        tiny.write_tiny_seg(root / name, size=SIZE, num_classes=classes)
    write_depth(root / 'depth')
    world = World(root)
    # By fork: the tools' processes are children of those.
    with ProcessPoolExecutor(2, get_context('fork')) as pool:
        list(pool.map(_train, [world] * len(MODELS), MODELS))
    from campaign.trainings import prepare_references

    prepare_references(root)
    (root / 'whole').touch()
    return root


def _train(world: World, name: str) -> None:
    folder = world.config(name).parent
    desk = Desk(folder, world.root)
    world.write_config(name, world.config(name), iters=40, interval=20)
    _need(desk.tool('train.py', world.config(name), '--work-dir', 'work'))
    shutil.copy(folder / 'work' / 'iter_40.pth', world.checkpoint(name))
    test = desk.tool(
        *('test.py', world.config(name), world.checkpoint(name)),
        *('--work-dir', 'work-test'),
    )
    _need(test)
    figures = figures_of(test)
    path = world.checkpoint(name).with_suffix('.json')
    path.write_text(json.dumps(figures))
    if name in EXPORTED:
        run = desk.tool(
            *('export.py', world.config(name), world.checkpoint(name)),
            *(world.exported(name), '--size', '64x64'),
        )
        _need(run)


def _need(run: Run) -> None:
    if run.code:
        raise RuntimeError(f'{run.command}\n{run.text[-3000:]}')
