"""The depth configs: ranges, schedules, learning rates, and end to end."""

import re
from pathlib import Path
from zipfile import ZipFile

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS
from mmengine.runner import Runner
from mmseg.registry import DATASETS, METRICS, MODELS
from tiny_depth_layouts import (
    make_ddad,
    make_kitti_eigen,
    make_kitti_official,
    make_nyu,
    make_sunrgbd,
)

CONFIGS = Path(__file__).parents[1] / 'configs'
NYU_SWIN = 'nyu/xnet_swin-l_convnextv2-t_8xb2-80k_nyu-416x544.py'
NYU_DINO = 'nyu/xnet_dinov2-l_convnextv2-b_8xb2-80k_nyu-416x544.py'
EIGEN_SWIN = 'kitti/xnet_swin-l_convnext-b_8xb2-80k_kitti-eigen-352x704.py'
EIGEN_DINO = 'kitti/xnet_dinov2-l_convnextv2-b_8xb2-80k_kitti-eigen-352x704.py'
OFFICIAL = (
    'kitti/xnet_dinov2-l_convnextv2-b_8xb2-80k_kitti-official-352x704.py'
)
SUN = 'sunrgbd/xnet_swin-l_convnextv2-t_8xb2-80k_nyu-416x544_sunrgbd.py'
DDAD = 'ddad/xnet_swin-l_convnext-b_8xb2-120k_ddad-384x640.py'
PAPER = [NYU_SWIN, NYU_DINO, EIGEN_SWIN, EIGEN_DINO, OFFICIAL, SUN, DDAD]
LEAVES = PAPER + [
    str(path.relative_to(CONFIGS))
    for pattern in (
        'hololens/*.py',
        'demo/*depth*.py',
        'baselines/hololens/*.py',
        'baselines/kitti/*.py',
        'baselines/nyu/*.py',
    )
    for path in sorted(CONFIGS.glob(pattern))
]
# One block each, but the families' own code: window tables, patches of 14.
TINY_SWIN = dict(
    type='timm',
    model_name='swin_tiny_patch4_window7_224',
    embed_dim=12,
    depths=(1, 1, 1, 1),
    num_heads=(1, 1, 2, 2),
)
TINY_DINO = dict(
    type='timm',
    model_name='vit_small_patch14_reg4_dinov2',
    embed_dim=24,
    depth=1,
    num_heads=2,
)


def load(config):
    return Config.fromfile(CONFIGS / config)


def shrink_model(cfg):
    """The paper's model with one narrow block per stage."""
    is_swin = cfg.model.backbone.encoder.startswith('swin')
    v2 = 'v2' if cfg.model.neck.decoder.startswith('convnextv2') else ''
    cfg.model.backbone.encoder = TINY_SWIN if is_swin else TINY_DINO
    cfg.model.backbone.weights = cfg.model.neck.weights = None
    cfg.model.neck.decoder = dict(
        type='timm',
        model_name=f'convnext{v2}_atto',
        depths=(1, 1, 1, 1),
        dims=(8, 8, 16, 16),
    )
    cfg.model.decode_head.update(channels=4, pyramid_channels=8)
    return cfg


def test_all_of_the_paper_is_there():
    shipped = [
        str(path.relative_to(CONFIGS))
        for folder in ('nyu', 'kitti', 'sunrgbd', 'ddad')
        for path in (CONFIGS / folder).glob('*.py')
    ]
    assert sorted(shipped) == sorted(PAPER)


@pytest.mark.parametrize('config', LEAVES)
def test_one_range_of_depth(config):
    cfg = load(config)
    top = cfg.model.decode_head.max_depth
    for split in ('train', 'val', 'test'):
        data = cfg[f'{split}_dataloader'].dataset
        known = DATASETS.get(data.type).METAINFO['max_depth']
        assert data.get('metainfo', {}).get('max_depth', known) == top
    evaluators = cfg.val_evaluator, cfg.test_evaluator
    for one in (e for es in evaluators for e in np.atleast_1d(es)):
        if one['type'] != 'xnet_mm.DepthProtocolMetric':
            continue
        metric = METRICS.build(one)
        metric.dataset_meta = dict(max_depth=top)
        # KITTI's devkit has no cap.
        assert metric.protocol.max_depth in (top, np.inf)
        assert (metric.protocol.max_depth == np.inf) == (
            one['protocol'] == 'kitti_official'
        )


@pytest.mark.parametrize('config', LEAVES)
def test_padding_is_no_depth_and_nothing_is_about_classes(config):
    cfg = load(config)
    text = re.sub(r'\s', '', str(cfg._cfg_dict))
    assert "'seg_pad_val':255" not in text
    assert cfg.model.data_preprocessor.type == 'xnet_mm.DepthDataPreProcessor'
    assert MODELS.build(cfg.model.data_preprocessor).seg_pad_val == 0
    hooks = {hook['type'] for hook in cfg.custom_hooks}
    assert 'xnet_mm.IterationSeedHook' in hooks
    assert not hooks & {'xnet_mm.ClassCheckHook', 'EMAHook'}
    assert cfg.tta_model == dict(type='xnet_mm.DepthTTAModel')
    assert cfg.visualizer.type == 'xnet_mm.DepthPanelVisualizer'
    checkpoint = cfg.default_hooks.checkpoint
    assert checkpoint.type == 'xnet_mm.SafeCheckpointHook'
    best = 'silog' if config == OFFICIAL else 'abs_rel'
    assert (checkpoint.save_best, checkpoint.rule) == (best, 'less')


def test_sun_rgbd_is_the_nyu_model():
    nyu, sun = load(NYU_SWIN)._cfg_dict, load(SUN)._cfg_dict
    padding = sun.model.data_preprocessor.pop('test_cfg')
    assert padding == dict(size_divisor=32)  # the sizes are odd ones
    differs = {k for k in {*nyu, *sun} if nyu.get(k) != sun.get(k)}
    assert differs == {'test_dataloader', 'test_evaluator'}
    data = sun.test_dataloader.dataset
    # Nothing is resized or cropped.
    assert [t['type'] for t in data.pipeline] == [
        'LoadImageFromFile',
        'xnet_mm.LoadDepth',
        'xnet_mm.PackDepthInputs',
    ]


@pytest.mark.parametrize('config', PAPER)
def test_flip_of_the_protocol(config):
    cfg = load(config)
    flip = 'none' if config == DDAD else 'mean'
    assert cfg.model.test_cfg == dict(mode='whole', flip=flip)
    flips = [
        t['prob']
        for t in cfg.train_dataloader.dataset.pipeline
        if t['type'] == 'xnet_mm.DepthRandomFlip'
    ]
    assert flips == ([] if config == DDAD else [0.5])


@pytest.mark.parametrize(
    'config', PAPER, ids=[c.split('/')[1][:-3] for c in PAPER]
)
def test_learning_rates_reach_their_parameters(config):
    cfg = shrink_model(load(config))
    model = MODELS.build(cfg.model)
    base = cfg.optim_wrapper.optimizer.lr
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    assert type(wrapper.optimizer) is torch.optim.AdamW
    group_of = {
        id(p): group
        for group in wrapper.optimizer.param_groups
        for p in group['params']
    }
    factor = 0.01 if 'dinov2' in config else 0.1
    parameters = dict(model.named_parameters())
    tables = 0
    for name, parameter in parameters.items():
        if not parameter.requires_grad:
            assert id(parameter) not in group_of
            continue
        group = group_of[id(parameter)]
        is_encoder = name.startswith('backbone.')
        wanted = base * factor if is_encoder else base
        assert group['lr'] == pytest.approx(wanted, rel=1e-12), name
        is_table = 'relative_position_bias_table' in name
        tables += is_table
        if is_table or (parameter.ndim == 1 and not is_encoder):
            assert group['weight_decay'] == 0, name
        else:
            assert group['weight_decay'] == 0.01, name
    assert tables == (4 if 'swin' in config else 0)


def test_paper_learning_rate_is_one_override():
    cfg = load(DDAD)
    cfg.merge_from_dict({'optim_wrapper.optimizer.lr': 1e-6})
    wrapper = build_optim_wrapper(
        MODELS.build(shrink_model(cfg).model), cfg.optim_wrapper
    )
    lrs = {group['lr'] for group in wrapper.optimizer.param_groups}
    assert sorted(lrs) == pytest.approx([1e-7, 1e-6])
    # One place: no other config says a learning rate.
    places = [
        path.name
        for path in CONFIGS.rglob('*depth*.py')
        if re.search(r'\blr=', path.read_text())
    ]
    assert places == ['schedule_depth_80k.py']


@pytest.mark.parametrize('config, k', [(NYU_SWIN, 80), (DDAD, 120)])
def test_schedule_is_the_papers(config, k):
    """A hundredth of it, which has the same shape."""
    cfg = load(config)
    assert cfg.train_cfg.max_iters == 1000 * k
    assert cfg.auto_scale_lr.base_batch_size == 8 * 2
    assert cfg.train_cfg.val_interval == cfg.default_hooks.checkpoint.interval
    for scheduler in cfg.param_scheduler:
        scheduler.begin //= 100
        scheduler.end //= 100
    wrapper = build_optim_wrapper(torch.nn.Linear(2, 2), cfg.optim_wrapper)
    assert wrapper.optimizer.param_groups[0]['weight_decay'] == 0.01
    base = cfg.optim_wrapper.optimizer.lr
    schedulers = [
        PARAM_SCHEDULERS.build(s, default_args=dict(optimizer=wrapper))
        for s in cfg.param_scheduler
    ]
    lrs = []
    for _ in range(10 * k):
        lrs.append(wrapper.optimizer.param_groups[0]['lr'])
        for scheduler in schedulers:
            scheduler.step()
    # Up in 16 steps, then down to 0 in the rest.
    rise = 1e-6 + (1 - 1e-6) * np.arange(16) / 15
    fall = np.arange(10 * k - 17, -1, -1) / (10 * k - 17)
    np.testing.assert_allclose(
        lrs, base * np.array([*rise, *fall]), rtol=1e-6, atol=1e-12
    )


def shrink(cfg, folder):
    """The paper's config at toy size, for two iterations of `folder`."""
    shrink_model(cfg)
    for transform in cfg.train_dataloader.dataset.pipeline:
        if transform['type'] == 'xnet_mm.DepthRandomCrop':
            transform['crop_size'] = (64, 96)
    cfg.merge_from_dict(
        {
            'model.data_preprocessor.size': (64, 96),
            'train_cfg.max_iters': 2,
            'train_cfg.val_interval': 2,
            'default_hooks.checkpoint.interval': 2,
            'work_dir': str(folder),
            'experiment_name': f'{folder.parent.name}-{folder.name}',
            'log_level': 'WARNING',
        }
    )
    for split in ('train', 'val', 'test'):
        cfg[f'{split}_dataloader'].update(
            num_workers=0, persistent_workers=False
        )
    return cfg


@pytest.mark.parametrize(
    'config, make, counted',
    [
        (NYU_SWIN, make_nyu, 2),
        (NYU_DINO, make_nyu, 2),
        (EIGEN_SWIN, make_kitti_eigen, 1),
        (EIGEN_DINO, make_kitti_eigen, 1),
        (DDAD, make_ddad, 2),
    ],
    ids=['nyu-swin', 'nyu-dino', 'eigen-swin', 'eigen-dino', 'ddad'],
)
def test_train_and_test_on_a_tiny_copy(
    config, make, counted, tmp_path, monkeypatch
):
    runner = train(config, make, tmp_path, monkeypatch)
    assert (tmp_path / 'run/iter_2.pth').is_file()
    (best,) = (tmp_path / 'run').glob('best_abs_rel_iter_2.pth')

    cfg = shrink(load(config), tmp_path / 'test')
    cfg.load_from = str(best)
    tester = Runner.from_cfg(cfg)
    metrics = tester.test()
    assert 0 <= metrics['d1'] <= metrics['d2'] <= metrics['d3'] <= 1
    assert metrics['abs_rel'] > 0 and np.isfinite([*metrics.values()]).all()
    validated = runner.message_hub.get_scalar('val/abs_rel').current()
    assert metrics['abs_rel'] == pytest.approx(validated, rel=1e-4)

    # What `tools/test.py --tta` does.
    cfg = shrink(load(config), tmp_path / 'tta')
    cfg.load_from = None
    cfg.test_dataloader.dataset.pipeline = cfg.tta_pipeline
    cfg.model = dict(cfg.tta_model, module=cfg.model)
    tta = Runner.from_cfg(cfg)
    tta.model.module.load_state_dict(tester.model.state_dict())
    flipped = tta.test()
    if config == DDAD:
        assert flipped['abs_rel'] != pytest.approx(metrics['abs_rel'])
    else:  # the model flips already
        assert flipped['abs_rel'] == pytest.approx(
            metrics['abs_rel'], rel=1e-4
        )


def train(config, make, folder, monkeypatch):
    """Two iterations and a validation; the runner."""
    make(folder)
    monkeypatch.setenv('XNET_MM_DATA', str(folder))
    # The runner logs its config through yapf, which takes several seconds.
    monkeypatch.setattr(Config, 'pretty_text', 'left out')
    runner = Runner.from_cfg(shrink(load(config), folder / 'run'))
    before = {k: v.clone() for k, v in runner.model.state_dict().items()}
    runner.train()
    after = runner.model.state_dict()
    assert all(v.isfinite().all() for v in after.values())
    assert any(not torch.equal(v, before[k]) for k, v in after.items())
    return runner


def test_official_validates_and_writes_the_submission(tmp_path, monkeypatch):
    runner = train(OFFICIAL, make_kitti_official, tmp_path, monkeypatch)
    assert (tmp_path / 'run/best_silog_iter_2.pth').is_file()
    assert runner.message_hub.get_scalar('val/irmse').current() > 0

    cfg = shrink(load(OFFICIAL), tmp_path / 'test')
    cfg.load_from = str(tmp_path / 'run/iter_2.pth')
    cfg.test_evaluator.output_dir = str(tmp_path / 'maps')
    Runner.from_cfg(cfg).test()
    with ZipFile(tmp_path / 'maps.zip') as archive:
        names = archive.namelist()
        raw = np.frombuffer(archive.read(names[0]), np.uint8)
    assert names == ['0000000000.png', '0000000001.png']
    depth = cv2.imdecode(raw, cv2.IMREAD_UNCHANGED)
    assert (depth.dtype, depth.shape) == (np.uint16, (352, 1216))
    assert 0 < depth.min() <= depth.max() <= 80 * 256


def test_nyu_model_on_sun_rgbd(tmp_path, monkeypatch):
    make_sunrgbd(tmp_path)
    monkeypatch.setenv('XNET_MM_DATA', str(tmp_path))
    monkeypatch.setattr(Config, 'pretty_text', 'left out')
    cfg = shrink(load(SUN), tmp_path / 'test')
    metrics = Runner.from_cfg(cfg).test()
    assert metrics['abs_rel'] > 0 and metrics['without_nyu/abs_rel'] > 0
    # The second of the two images is NYU's.
    assert metrics['abs_rel'] != metrics['without_nyu/abs_rel']


@pytest.mark.heavy
@pytest.mark.parametrize(
    'config, encoder, decoder',
    [
        (NYU_SWIN, 195.2, 27.9),
        (NYU_DINO, 304.4, 87.7),
        (EIGEN_SWIN, 195.2, 87.6),
        (EIGEN_DINO, 304.4, 87.7),
        (OFFICIAL, 304.4, 87.7),
        (SUN, 195.2, 27.9),
        (DDAD, 195.2, 87.6),
    ],
)
def test_full_size(config, encoder, decoder):
    """Builds; training and test sizes run; depth lies in its range."""
    cfg = load(config)
    cfg.model.backbone.weights = cfg.model.neck.weights = None
    model = MODELS.build(cfg.model).eval()
    for module, millions in (
        (model.backbone.encoder, encoder),
        (model.neck.decoder, decoder),
    ):
        count = sum(p.numel() for p in module.parameters())
        assert count / 1e6 == pytest.approx(millions, abs=0.3)
    sizes = [cfg.model.data_preprocessor.size]
    sizes += [(427, 561)] if config == SUN else []
    for size in sizes:
        with torch.no_grad():
            depth = model.encode_decode(torch.zeros(1, 3, *size))
        assert depth.shape == (1, 1, *size)
        assert (
            0 < depth.min() <= depth.max() <= cfg.model.decode_head.max_depth
        )
