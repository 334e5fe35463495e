"""Small runs as a training leaves them: config, checkpoint, log, data."""

import json

import cv2
import numpy as np
import torch
from mmengine.config import Config
from shared_models import METAS, built, config_of

from xnet_mm.datasets.scenes.dataset import write_scenes
from xnet_mm.datasets.scenes.layout import CLASSES as ROOMS

CLASSES = ('road', 'grass', 'other')
SIZE = (40, 56)  # height, width
TRAINED, VALIDATED = 3, 5  # images


def images_of(root, split, count):
    """JPEG-free random pictures, in blocks so that they resize well."""
    for number in range(count):
        rng = np.random.default_rng([count, number])
        small = rng.integers(256, size=(5, 7, 3), dtype=np.uint8)
        image = cv2.resize(small, SIZE[::-1])
        path = root / 'images' / split / f'{number}.png'
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), image)
        yield path, rng


def labels_data(root):
    """Three classes and void, in blocks."""
    for split, count in (('train', TRAINED), ('val', VALIDATED)):
        for path, rng in images_of(root, split, count):
            ids = rng.choice([0, 1, 2, 255], (5, 7)).astype(np.uint8)
            ids = np.kron(ids, np.ones((8, 8), np.uint8))
            target = root / 'labels' / split / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(target), ids)
    return lambda split: dict(
        type='xnet_mm.FolderSegDataset',
        data_root=str(root),
        data_prefix=dict(
            img_path=f'images/{split}', seg_map_path=f'labels/{split}'
        ),
        img_suffix='.png',
        metainfo=dict(classes=CLASSES),
    )


def depth_data(root):
    """Millimetres from 0.5 to 10.5 m, some pixels unknown."""
    for split, count in (('train', TRAINED), ('val', VALIDATED)):
        for path, rng in images_of(root, split, count):
            depth = cv2.resize(rng.uniform(500, 7500, (5, 7)), SIZE[::-1])
            depth[:12, 8:24] = 0
            depth[20:, 30:] += 3000  # an edge
            target = root / 'depth' / split / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(target), depth.astype(np.uint16))
    return lambda split: dict(
        type='xnet_mm.DepthDataset',
        data_root=str(root),
        data_prefix=dict(
            img_path=f'images/{split}', depth_path=f'depth/{split}'
        ),
        img_suffix='.png',
        metainfo=dict(max_depth=8.0),
    )


def both_data(root):
    """Generated rooms with both truths."""
    write_scenes(root, TRAINED, VALIDATED, size=(64, 48), workers=1)
    return lambda split: dict(
        type='xnet_mm.ScenesDepthDataset',
        data_root=str(root),
        data_prefix=dict(
            img_path='images', seg_map_path='labels', depth_path='depth'
        ),
        ann_file=f'{split}.txt',
        metainfo=dict(max_depth=8.0),
    )


DATA = dict(segmentation=labels_data, depth=depth_data, both=both_data)
TRUTH = dict(
    segmentation=['LoadLabels'],
    depth=['LoadDepth'],
    both=['LoadLabels', 'LoadDepth'],
)
IOU = dict(type='IoUMetric', iou_metrics=['mIoU'])
PROTOCOL = dict(type='xnet_mm.DepthProtocolMetric', protocol='custom')
BOUNDARY = dict(type='xnet_mm.BoundaryMetric')
DEPTH_BOUNDARY = dict(type='xnet_mm.DepthBoundaryMetric')
METRICS = dict(
    segmentation=[IOU, BOUNDARY],
    depth=[PROTOCOL, DEPTH_BOUNDARY],
    both=[IOU, PROTOCOL, BOUNDARY, DEPTH_BOUNDARY],
)


def run_config(kind, dataset):
    """As tools/train.py dumps it."""
    changes = {}
    if kind == 'both':
        changes = dict(decode_head=dict(config_of(kind).model.decode_head))
        changes['decode_head']['num_classes'] = len(ROOMS)
    cfg = config_of(kind, **changes)
    load, pack = cfg.test_pipeline[0], cfg.test_pipeline[-1]
    truth = [dict(type=f'xnet_mm.{name}') for name in TRUTH[kind]]
    steps = [load, *truth, pack]
    loader = dict(
        batch_size=2,
        num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=dict(dataset('val'), test_mode=True, pipeline=steps),
    )
    training = dict(dataset('train'), pipeline=[*steps[:-1]])
    values = dict(
        cfg.to_dict(),
        train_dataloader=dict(loader, batch_size=4, dataset=training),
        val_dataloader=loader,
        test_dataloader=loader,
        val_evaluator=METRICS[kind],
        test_evaluator=METRICS[kind],
        train_cfg=dict(type='IterBasedTrainLoop', max_iters=20),
        val_cfg=dict(type='ValLoop'),
        test_cfg=dict(type='TestLoop'),
        optim_wrapper=dict(optimizer=dict(type='AdamW', lr=1e-3)),
        randomness=dict(seed=7),
        test_pipeline=steps,
    )
    return Config(values)


def make_run(folder, kind='segmentation'):
    """`folder`/data and `folder`/run; returns the latter."""
    cfg = run_config(kind, DATA[kind](folder / 'data'))
    run = folder / 'run'
    run.mkdir(parents=True)
    cfg.dump(run / 'config.py')
    meta = METAS[kind]
    if kind != 'depth':
        names = CLASSES if kind == 'segmentation' else ROOMS
        meta = {k: v for k, v in meta.items() if k != 'palette'}
        meta['classes'] = names
    torch.save(
        dict(state_dict=built(cfg).state_dict(), meta=dict(dataset_meta=meta)),
        run / 'best_x_iter_10.pth',
    )
    write_log(run, '20260101_000000', range(1, 13), validated=10)
    return run


def write_log(run, name, steps, validated):
    """A log of some iterations, with a figure of both tasks."""
    log = run / name / 'vis_data' / 'scalars.json'
    log.parent.mkdir(parents=True)
    lines = [dict(loss=1 / step, lr=0.1 / step, step=step) for step in steps]
    lines.append(dict(mIoU=12.34, abs_rel=0.5678, step=validated))
    log.write_text('\n'.join(map(json.dumps, lines)) + '\n')


def change_config(run, **values):
    """Overwrite some values of the run's config."""
    path = run / 'config.py'
    cfg = Config.fromfile(path)
    cfg.merge_from_dict(values)
    cfg.dump(path)
    return path
