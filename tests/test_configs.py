"""Every shipped config: name, bases, and the paper's configs end to end."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS, init_default_scope
from mmengine.runner import Runner
from mmseg.registry import DATASETS, MODELS
from tiny_layouts import make_ade20k, make_cityscapes, write_pair

ROOT = Path(__file__).parents[1]
CONFIGS = ROOT / 'configs'
FILES = sorted(p for p in CONFIGS.rglob('*.py'))
LEAVES = [p for p in FILES if '_base_' not in p.parts]
ADE20K = 'ade20k/xnet_swin-l_convnext-l_8xb2-160k_ade20k-512x512.py'
CITYSCAPES = (
    'cityscapes/xnet_swin-l_convnext-l_8xb2-160k_cityscapes-512x1024.py'
)
NAME = re.compile(
    r'((xnet(-i)?|fpn(-rev(-pfp)?)?|rev-pfp)'
    r'_(?P<encoder>[a-z0-9.-]+)_(?P<decoder>[a-z0-9.-]+)'
    r'|(upernet|dpt|mask2former|segformer)_(?P<backbone>[a-z0-9.-]+))'
    r'_(?P<gpus>\d+)xb(?P<batch>\d+)(-accum(?P<accum>\d+))?'
    r'(?P<fsdp>-fsdp)?-(?P<iters>\d+k?)'
    r'_(?P<dataset>[a-z0-9-]+)-(?P<height>\d+)x(?P<width>\d+)'
    r'(_(?P<tested_on>[a-z0-9-]+))?\.py'
)
name_of = dict(ids=lambda path: path.name)


def find(pipeline, transform):
    """The one transform of that name, or of its counterpart for depth."""
    names = (transform, f'xnet_mm.Depth{transform}')
    (found,) = [t for t in pipeline if t['type'] in names]
    return found


@pytest.mark.parametrize('path', FILES, **name_of)
def test_bases_are_relative(path):
    # `mmseg::` fails on OneDL, and on upstream without pkg_resources.
    assert '::' not in path.read_text()
    for base in re.findall(r"'([^']+\.py)'", path.read_text()):
        assert base.startswith('.') or '/' not in base
        assert (path.parent / base).is_file()


@pytest.mark.parametrize('path', LEAVES, **name_of)
def test_name_says_what_the_config_does(path):
    name = NAME.fullmatch(path.name)
    assert name, f'{path.name} does not follow the naming rule'
    cfg = Config.fromfile(path)
    crop = int(name['height']), int(name['width'])
    transforms = cfg.train_dataloader.dataset.pipeline
    assert tuple(find(transforms, 'RandomCrop').crop_size) == crop
    assert tuple(cfg.model.data_preprocessor.size) == crop
    assert cfg.train_dataloader.batch_size == int(name['batch'])
    accum = int(name['accum'] or 1)
    assert cfg.optim_wrapper.get('accumulative_counts', 1) == accum
    assert bool(name['fsdp']) == ('strategy' in cfg)
    iters = int(name['iters'].replace('k', '000')) * accum
    assert cfg.train_cfg.max_iters == iters
    assert max(s.get('end', 0) for s in cfg.param_scheduler) == iters
    assert cfg.default_scope == 'mmseg'
    assert 'tta_model' in cfg and 'test_evaluator' in cfg
    assert 'tta_pipeline' in cfg


@pytest.mark.parametrize('path', LEAVES, **name_of)
def test_head_has_the_classes_of_the_data(path):
    cfg = Config.fromfile(path)
    if 'num_classes' not in cfg.model.decode_head:
        pytest.skip('depth: see test_depth_configs.py')
    init_default_scope('mmseg')
    dataset = DATASETS.get(cfg.train_dataloader.dataset.type)
    classes = dataset.METAINFO['classes']
    assert cfg.model.decode_head.num_classes == len(classes)
    assert len(dataset.METAINFO['palette']) == len(classes)


def test_data_folder_is_set_in_one_place(monkeypatch):
    monkeypatch.setenv('XNET_MM_DATA', '/elsewhere/my data')
    roots = {
        path.stem: Config.fromfile(path).test_dataloader.dataset.data_root
        for path in (CONFIGS / '_base_/datasets').glob('*.py')
    }
    assert roots == dict(
        ade20k='/elsewhere/my data/ade/ADEChallengeData2016',
        ade20k_640x640='/elsewhere/my data/ade/ADEChallengeData2016',
        camvid='/elsewhere/my data/camvid',
        cityscapes='/elsewhere/my data/cityscapes',
        cityscapes_1024x1024='/elsewhere/my data/cityscapes',
        ddad='/elsewhere/my data/ddad',
        hololens='/elsewhere/my data/hololens',
        kitti_eigen='/elsewhere/my data/kitti',
        kitti_official='/elsewhere/my data/kitti',
        nyu='/elsewhere/my data/nyu',
        scenes='/elsewhere/my data/scenes',
        scenes_depth='/elsewhere/my data/scenes',
        sunrgbd='/elsewhere/my data/sunrgbd',
    )


def test_schedule_is_the_papers():
    text = (CONFIGS / '_base_/schedules/schedule_160k.py').read_text()
    # A hundredth of the iterations has the same shape.
    text = re.sub(r'(?<=_iters = )(160000|1500)(?=\n)', r'\1 // 100', text)
    cfg = Config.fromstring(text, '.py')
    assert cfg.train_cfg.max_iters == 1600
    init_default_scope('mmseg')
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.LayerNorm(2))
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    decay = [g['weight_decay'] for g in wrapper.optimizer.param_groups]
    assert decay == [0.01, 0, 0, 0]  # weight | bias, norm weight and bias
    assert type(wrapper.optimizer) is torch.optim.AdamW

    schedulers = [
        PARAM_SCHEDULERS.build(s, default_args=dict(optimizer=wrapper))
        for s in cfg.param_scheduler
    ]
    lrs = []
    for _ in range(cfg.train_cfg.max_iters):
        lrs.append(wrapper.optimizer.param_groups[0]['lr'])
        for scheduler in schedulers:
            scheduler.step()
    # Up from 2.5e-10 in 15 steps, then down to 0 in 1585.
    rise = 2.5e-10 + (2.5e-4 - 2.5e-10) * np.arange(15) / 14
    fall = 2.5e-4 * np.arange(1584, -1, -1) / 1584
    np.testing.assert_allclose(lrs, [*rise, *fall], rtol=1e-6, atol=1e-15)
    assert cfg.auto_scale_lr.base_batch_size == 8 * 2


def test_accumulation_has_the_learning_rates_of_eight_gpus():
    names = ADE20K, ADE20K.replace('8xb2', '1xb2-accum8')
    cfgs = [Config.fromfile(CONFIGS / name) for name in names]
    for a, b in zip(*(c.param_scheduler for c in cfgs), strict=True):
        times = {k: v * 8 for k, v in a.items() if k in ('begin', 'end')}
        assert b == {**a, **times}
    assert cfgs[1].train_cfg.val_interval == 8 * 16000
    assert cfgs[1].default_hooks.checkpoint.interval == 8 * 16000


def shrink(cfg, work_dir, size):
    """The paper's config at toy size: `size` is (height, width)."""
    height, width = size
    cfg.merge_from_dict(
        {
            'model.backbone.encoder': 'convnext_atto',
            'model.backbone.weights': None,
            'model.neck.decoder': 'convnext_atto',
            'model.neck.weights': None,
            'model.data_preprocessor.size': size,
            'train_cfg.max_iters': 2,
            'train_cfg.val_interval': 2,
            'work_dir': str(work_dir),
            'log_level': 'WARNING',
        }
    )
    pipeline = cfg.train_dataloader.dataset.pipeline
    find(pipeline, 'RandomResize').scale = (width, height)
    find(pipeline, 'RandomCrop').crop_size = size
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        find(loader.dataset.pipeline, 'Resize').scale = (width, height)
    for loader in ('train', 'val', 'test'):
        cfg[f'{loader}_dataloader'].update(
            num_workers=0, persistent_workers=False
        )
    return cfg


@pytest.mark.parametrize(
    'config, make, size',
    [
        (ADE20K, make_ade20k, (64, 64)),
        (CITYSCAPES, make_cityscapes, (64, 128)),
    ],
    ids=['ade20k', 'cityscapes'],
)
def test_train_and_tta_on_a_tiny_copy(
    config, make, size, tmp_path, monkeypatch
):
    make(tmp_path)
    monkeypatch.setenv('XNET_MM_DATA', str(tmp_path))
    # The runner logs its config through yapf, which takes several seconds.
    monkeypatch.setattr(Config, 'pretty_text', 'left out')
    cfg = shrink(Config.fromfile(CONFIGS / config), tmp_path / 'run', size)
    runner = Runner.from_cfg(cfg)
    before = {k: v.clone() for k, v in runner.model.state_dict().items()}
    runner.train()
    after = runner.model.state_dict()
    assert all(v.isfinite().all() for v in after.values())
    assert any(not torch.equal(v, before[k]) for k, v in after.items())
    assert (tmp_path / 'run/iter_2.pth').is_file()

    # What `tools/test.py --tta` does.
    cfg = shrink(Config.fromfile(CONFIGS / config), tmp_path / 'tta', size)
    cfg.test_dataloader.dataset.pipeline = cfg.tta_pipeline
    cfg.tta_model.module = cfg.model
    cfg.model = cfg.tta_model
    cfg.experiment_name = f'{tmp_path.name}-tta'
    tester = Runner.from_cfg(cfg)
    tester.model.module.load_state_dict(after)
    (batch, _) = tester.test_dataloader
    shapes = [tuple(views[0].shape[1:]) for views in batch['inputs']]
    height, width = tester.test_dataloader.dataset[0]['data_samples'][
        0
    ].ori_shape
    wanted = [
        (int(height * r + 0.5), int(width * r + 0.5))
        for r in (0.5, 0.75, 1.0, 1.25, 1.5, 1.75)
        for _ in ('as it is', 'flipped')
    ]
    assert shapes == wanted
    metrics = tester.test()
    assert 0 <= metrics['mIoU'] <= 100
    assert 0 <= metrics['aAcc'] <= 100


def custom_data_example():
    """The config of the README's section on a user's own data."""
    if not (ROOT / 'README.md').is_file():
        pytest.skip('no README.md yet')
    blocks = re.findall(
        r'```python\n(.*?)```', (ROOT / 'README.md').read_text(), re.DOTALL
    )
    (example,) = [b for b in blocks if 'xnet_mm.FolderSegDataset' in b]
    return example


def test_custom_data_example_of_the_readme(tmp_path, monkeypatch):
    example = custom_data_example()
    assert len(example.strip().splitlines()) <= 10
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Config, 'pretty_text', 'left out')
    for split in ('train', 'val'):
        for i in range(4):
            write_pair(
                f'data/mine/images/{split}/{i}.jpg',
                f'data/mine/labels/{split}/{i}.png',
                ids=[0, 1, 2, 255],
                seed=i,
            )
    (base,) = re.findall(r"_base_ = '(.*)'", example)
    # The README's example lies in a folder of its own under configs/.
    path = (CONFIGS / 'mine' / base).resolve()
    Path('mine.py').write_text(example.replace(base, str(path)))

    def runner():
        cfg = Config.fromfile('mine.py')
        return Runner.from_cfg(shrink(cfg, tmp_path / 'run', (64, 64)))

    run = runner()
    assert run.model.decode_head.num_classes == 3
    run.train()
    assert run.iter == 2
    assert run.val_dataloader.dataset.metainfo['classes'] == (
        'road',
        'grass',
        'other',
    )

    run = runner()
    run.model.num_classes = 2
    with pytest.raises(ValueError, match=r'num_classes=2.*3 classes .road, '):
        run.train()
    assert run.iter == 0

    write_pair('x.jpg', 'data/mine/labels/val/2.png', ids=[3])
    run = runner()
    with pytest.raises(ValueError, match=r'val/2\.png: holds id 3, but 3 cl'):
        run.train()
    assert run.iter == 0


@pytest.mark.heavy
@pytest.mark.parametrize('config', [ADE20K, CITYSCAPES])
def test_full_size(config):
    cfg = Config.fromfile(CONFIGS / config)
    init_default_scope('mmseg')
    cfg.merge_from_dict(
        {'model.backbone.weights': None, 'model.neck.weights': None}
    )
    model = MODELS.build(cfg.model).eval()
    for module, millions in (
        (model.backbone.encoder, 195.2),  # Swin-L without its classifier
        (model.neck.decoder, 196.2),  # ConvNeXt-L likewise
    ):
        count = sum(p.numel() for p in module.parameters())
        assert count / 1e6 == pytest.approx(millions, abs=0.3)
    size = cfg.model.data_preprocessor.size
    with torch.no_grad():
        logits = model(torch.zeros(1, 3, *size), mode='tensor')
    assert logits.shape[1] == cfg.model.decode_head.num_classes
    assert logits.isfinite().all()
