"""The peers at toy size: all that they have learns and predicts."""

import json
import math

import pytest
import torch
from baseline_configs import (
    ADE_M2F,
    CITY_M2F,
    LEAVES,
    ON_OUR_ENCODER,
    load_baseline,
)
from config_files import find
from mmengine.model import revert_sync_batchnorm
from mmengine.optim import build_optim_wrapper
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from tiny_layouts import make_ade20k
from tool_runs import run_tool

from xnet_mm.models import mask2former_head
from xnet_mm.visualization import SegPanelVisualizer


def shrink(cfg):
    """One narrow block a stage, but the families' own code."""
    model = cfg.model
    backbone, head = model.backbone, model.decode_head
    widths = [12, 24, 48, 96]
    if backbone.type == 'SwinTransformer':
        backbone.update(embed_dims=12, depths=(1,) * 4, num_heads=(1, 1, 2, 2))
    elif backbone.type == 'mmpretrain.ConvNeXt':
        backbone.arch = dict(depths=(1,) * 4, channels=widths)
    elif backbone.type == 'MixVisionTransformer':
        backbone.update(embed_dims=8, num_layers=(1,) * 4)
        widths = [8 * n for n in backbone.num_heads]
    else:
        backbone.weights = widths = None
        name = backbone.encoder
        if name.startswith('swin'):
            backbone.encoder = dict(
                type='timm',
                model_name='swin_tiny_patch4_window7_224',
                embed_dim=12,
                depths=(1, 1, 1, 1),
                num_heads=(1, 1, 2, 2),
            )
        elif 'dinov2' in name:
            backbone.encoder = dict(
                type='timm',
                model_name='vit_small_patch14_reg4_dinov2',
                embed_dim=24,
                depth=4,
                num_heads=2,
            )
            model.neck.embed_dim = 24
            model.decode_head.in_channels = [24] * 4
    backbone.pop('init_cfg', None)
    if head.type == 'xnet_mm.CheckedMask2FormerHead':
        head.update(num_queries=8, in_channels=widths)
        head.train_cfg.num_points = 64
        head.pixel_decoder.encoder.num_layers = 1
        head.transformer_decoder.num_layers = 2
        return cfg
    head.channels = 8
    if widths:
        head.in_channels = widths
    if 'auxiliary_head' in model:
        model.auxiliary_head.update(in_channels=widths[2], channels=8)
    return cfg


def make_samples(height, width):
    """Two images' truth, for either task."""
    samples = []
    for seed in range(2):
        generator = torch.Generator().manual_seed(seed)
        size = dict.fromkeys(
            ('img_shape', 'ori_shape', 'pad_shape'), (height, width)
        )
        sample = SegDataSample(
            metainfo=dict(size, batch_input_shape=(height, width))
        )
        ids = torch.randint(11, (1, height, width), generator=generator)
        sample.gt_sem_seg = PixelData(data=ids)
        depth = 1 + 5 * torch.rand(1, height, width, generator=generator)
        sample.gt_depth_map = PixelData(data=depth)
        samples.append(sample)
    return samples


@pytest.mark.parametrize('leaf', LEAVES)
def test_every_parameter_learns(leaf):
    if 'mask2former' in leaf:
        try:
            mask2former_head.require_mask2former()
        except ImportError as error:
            pytest.skip(str(error).splitlines()[0])
    torch.manual_seed(0)
    cfg = shrink(load_baseline(leaf))
    model = revert_sync_batchnorm(MODELS.build(cfg.model)).train()
    if cfg.optim_wrapper.type == 'AmpOptimWrapper':  # wants a GPU
        cfg.optim_wrapper.type = 'OptimWrapper'
        assert cfg.optim_wrapper.pop('loss_scale') == 'dynamic'
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    groups = wrapper.optimizer.param_groups
    rate_of = {id(p): g['lr'] for g in groups for p in g['params']}
    images = torch.rand(2, 3, 64, 96)
    losses = model.loss(images, make_samples(64, 96))
    loss, _ = model.parse_losses(losses)
    loss.backward()
    assert loss.isfinite()
    base = cfg.optim_wrapper.optimizer.lr
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        assert parameter.grad is not None, name
        rate = rate_of[id(parameter)] / base
        if leaf in ON_OUR_ENCODER and not name.startswith('backbone.'):
            assert rate == 1, name
        if 'dinov2' in leaf and name.startswith('backbone.'):
            assert rate == pytest.approx(0.01), name
    model.eval()
    with torch.no_grad():
        (result,) = model.predict(images[:1], make_samples(64, 96)[:1])
    field = 'pred_depth_map' if 'pred_depth_map' in result else 'pred_sem_seg'
    data = result.get(field).data
    assert data.shape == (1, 64, 96)
    assert data.isfinite().all()


@pytest.mark.parametrize('head', ['upernet', 'dpt'])
def test_a_vit_gets_four_strides(head):
    cfg = shrink(load_baseline(f'nyu/{head}_dinov2-l_8xb2-80k_nyu-416x544.py'))
    model = revert_sync_batchnorm(MODELS.build(cfg.model)).eval()
    with torch.no_grad():
        maps = model.extract_feat(torch.rand(1, 3, 64, 96))
    assert [tuple(m.shape) for m in maps] == [
        (1, 24, 16, 24),
        (1, 24, 8, 12),
        (1, 24, 4, 6),
        (1, 24, 2, 3),
    ]


@pytest.mark.parametrize('leaf', [ADE_M2F, CITY_M2F])
def test_mask2former_says_what_it_needs(leaf, monkeypatch):
    def fail(name):
        if name == 'mmdet.models.dense_heads':
            raise ModuleNotFoundError("No module named 'mmdet'")

    monkeypatch.setattr(mask2former_head, 'import_module', fail)
    cfg = load_baseline(leaf)
    cfg.model.backbone.update(embed_dims=12, num_heads=(1, 1, 2, 2))
    cfg.model.backbone.init_cfg = None
    with pytest.raises(
        ImportError,
        match=r'(?s)needs MMDetection \(mmdet\.models\.dense_heads: No module '
        r"named 'mmdet'\)\. .*pip install --no-deps 'onedl-mmdetection>=3\.5"
        r"\.1'.*pip install 'mmdet>=3\.3,<3\.4'",
    ):
        MODELS.build(cfg.model)


def test_mask2former_from_its_first_iteration_to_its_test(
    tmp_path, monkeypatch
):
    pytest.importorskip('mmdet')
    make_ade20k(tmp_path)
    monkeypatch.setenv('XNET_MM_DATA', str(tmp_path))
    monkeypatch.setenv('LOCAL_RANK', '0')  # the tools set it: undo that
    cfg = shrink(load_baseline(ADE_M2F))
    cfg.merge_from_dict(
        {
            'model.data_preprocessor.size': (64, 64),
            'train_cfg.max_iters': 1,
            'train_cfg.val_interval': 1,
            'param_scheduler.0.end': 1,
            'default_hooks.checkpoint.interval': 1,
            'default_hooks.logger.interval': 1,
        }
    )
    pipeline = cfg.train_dataloader.dataset.pipeline
    find(pipeline, 'RandomCrop').crop_size = (64, 64)
    find(pipeline, 'RandomChoiceResize').scales = [64]
    for loader in ('train', 'val', 'test'):
        data = cfg[f'{loader}_dataloader']
        data.update(num_workers=0, persistent_workers=False)
        if loader != 'train':
            find(data.dataset.pipeline, 'Resize').scale = (64, 64)
    cfg.dump(tmp_path / 'config.py')
    folder = tmp_path / 'run'
    options = (tmp_path / 'config.py', '--work-dir', folder)
    run_tool(monkeypatch, 'train.py', *options)
    (log,) = folder.glob('*/vis_data/scalars.json')
    training, validation = map(json.loads, log.read_text().splitlines())
    assert math.isfinite(training['loss'])
    # Weights of classes: with random ones it is near ln 151, for 0.1 of most.
    assert 3 < training['decode.loss_cls'] / 2 < 8
    SegPanelVisualizer._instance_dict.clear()
    options = (tmp_path / 'config.py', folder / 'iter_1.pth')
    run_tool(monkeypatch, 'test.py', *options, '--work-dir', tmp_path / 'test')
    (found,) = (tmp_path / 'test').glob('*/*.json')
    found = json.loads(found.read_text())
    for name in ('mIoU', 'aAcc'):
        assert found[name] == validation[name]
