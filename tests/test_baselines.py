"""The peers: mmseg's own settings, one decoder exchanged, and end to end."""

import sys
from pathlib import Path
from types import ModuleType

import mmseg
import pytest
import torch
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.optim import build_optim_wrapper
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

from xnet_mm.models import mask2former_head

CONFIGS = Path(__file__).parents[1] / 'configs'
BASELINES = CONFIGS / 'baselines'
LEAVES = sorted(str(p.relative_to(BASELINES)) for p in BASELINES.rglob('*.py'))
THEIRS = Path(mmseg.__file__).parent / '.mim/configs'
ADE_SWIN = 'ade20k/upernet_swin-l_8xb2-160k_ade20k-512x512.py'
ADE_NEXT = 'ade20k/upernet_convnext-l_8xb2-160k_ade20k-640x640.py'
ADE_NEXT_XL = 'ade20k/upernet_convnext-xl_8xb2-160k_ade20k-640x640.py'
ADE_M2F = 'ade20k/mask2former_swin-l_8xb2-160k_ade20k-640x640.py'
ADE_SEGFORMER = 'ade20k/segformer_mit-b5_8xb2-160k_ade20k-512x512.py'
CITY_M2F = 'cityscapes/mask2former_swin-l_8xb2-90k_cityscapes-512x1024.py'
CITY_SEGFORMER = (
    'cityscapes/segformer_mit-b5_8xb1-160k_cityscapes-1024x1024.py'
)
CITY = '8xb2-160k_cityscapes-512x1024.py'  # of UPerNet, and ours
OF_MMSEG = {
    ADE_SWIN: 'swin/swin-large-patch4-window12-in22k-384x384-pre_upernet_'
    '8xb2-160k_ade20k-512x512.py',
    ADE_NEXT: 'convnext/convnext-large_upernet_8xb2-amp-160k_'
    'ade20k-640x640.py',
    ADE_NEXT_XL: 'convnext/convnext-xlarge_upernet_8xb2-amp-160k_'
    'ade20k-640x640.py',
    ADE_M2F: 'mask2former/mask2former_swin-l-in22k-384x384-pre_8xb2-160k_'
    'ade20k-640x640.py',
    ADE_SEGFORMER: 'segformer/segformer_mit-b5_8xb2-160k_ade20k-512x512.py',
    CITY_M2F: 'mask2former/mask2former_swin-l-in22k-384x384-pre_8xb2-90k_'
    'cityscapes-512x1024.py',
    CITY_SEGFORMER: 'segformer/segformer_mit-b5_8xb1-160k_'
    'cityscapes-1024x1024.py',
}
# What a peer's name has instead of ours: encoder and decoder.
PAIRS = {
    ('swin-l', 'nyu'): 'swin-l_convnextv2-t',
    ('dinov2-l', 'nyu'): 'dinov2-l_convnextv2-b',
    ('swin-l', 'kitti'): 'swin-l_convnext-b',
    ('dinov2-l', 'kitti'): 'dinov2-l_convnextv2-b',
    ('effnet-lite0', 'camvid'): 'effnet-lite0_effnet-lite0',
    ('effnet-lite0', 'hololens'): 'effnet-lite0_effnet-lite0',
}
FOLDERS = ('nyu', 'kitti', 'camvid', 'hololens')
ON_OUR_ENCODER = [x for x in LEAVES if x.startswith(FOLDERS)]


def load(leaf):
    return Config.fromfile(BASELINES / leaf)


def test_all_of_them_are_there():
    assert len(LEAVES) == 21
    assert len(ON_OUR_ENCODER) == 11
    assert set(OF_MMSEG) < set(LEAVES)


def settings(cfg):
    """What decides the result: model, optimiser, schedule, images."""
    cfg = cfg.to_dict()
    model = cfg['model']
    model.pop('pretrained', None)  # None, an old spelling of init_cfg
    # The same head behind a check.
    head = model['decode_head']
    head['type'] = head['type'].replace('xnet_mm.Checked', '')
    checkpoint = model['backbone']['init_cfg'].pop('checkpoint')
    wrapper = cfg['optim_wrapper']
    wrapper.setdefault('clip_grad', None)
    pipelines = {}
    for split in ('train', 'val', 'test'):
        pipelines[split] = cfg[f'{split}_dataloader']['dataset']['pipeline']
        for transform in pipelines[split]:
            # ADE20KDataset sets it for every transform.
            transform.pop('reduce_zero_label', None)
    return dict(
        model=model,
        # OneDL's copies lie on another host, on the same path.
        weights=checkpoint.split('/', 3)[3],
        optimizer=wrapper,
        schedule=cfg['param_scheduler'],
        train_cfg=cfg['train_cfg'],
        batch=cfg['train_dataloader']['batch_size'],
        pipelines=pipelines,
        data=cfg['train_dataloader']['dataset']['type'],
        metric=cfg['test_evaluator'],
    )


@pytest.mark.parametrize('leaf', OF_MMSEG)
def test_settings_are_those_of_mmseg(leaf):
    theirs = THEIRS / OF_MMSEG[leaf]
    if not theirs.is_file():
        pytest.skip(f'{theirs} is not installed')
    theirs = Config.fromfile(theirs, import_custom_modules=False)
    ours, theirs = settings(load(leaf)), settings(theirs)
    assert ours == theirs


@pytest.mark.parametrize('ade20k', [ADE_SWIN, ADE_NEXT, ADE_NEXT_XL])
def test_derived_configs_keep_the_recipe_of_ade20k(ade20k):
    encoder = ade20k.split('_')[1]
    city = load(f'cityscapes/upernet_{encoder}_{CITY}')
    data = Config.fromfile(
        CONFIGS / f'cityscapes/xnet_swin-l_convnext-l_{CITY}'
    )
    for split in ('train', 'val', 'test'):
        assert city[f'{split}_dataloader'] == data[f'{split}_dataloader']
    ours, recipe = settings(city), settings(load(ade20k))
    assert ours['model'].pop('test_cfg') == dict(mode='whole')
    del recipe['model']['test_cfg']
    assert ours['model']['data_preprocessor'].pop('size') == (512, 1024)
    del recipe['model']['data_preprocessor']['size']
    for head in ('decode_head', 'auxiliary_head'):
        assert ours['model'][head].pop('num_classes') == 19
        assert recipe['model'][head].pop('num_classes') == 150
    for part in ('model', 'weights', 'optimizer', 'schedule', 'train_cfg'):
        assert ours[part] == recipe[part], part


@pytest.mark.parametrize('leaf', ON_OUR_ENCODER)
def test_peers_differ_from_ours_by_the_decoder_alone(leaf):
    ours, theirs = ours_of(leaf).to_dict(), load(leaf).to_dict()
    assert theirs['model']['backbone'].pop('type').endswith('Pyramid')
    assert ours['model']['backbone'].pop('type').endswith('Encoder')
    heads = [cfg['model'].pop('decode_head') for cfg in (ours, theirs)]
    for shared in ('loss_decode', 'max_depth', 'num_classes'):
        assert heads[0].get(shared) == heads[1].get(shared), shared
    del ours['model']['neck']
    neck = theirs['model'].pop('neck')
    assert (neck is None) == ('dinov2' not in leaf)
    assert theirs == ours


def ours_of(leaf):
    """Our config of the peer's encoder and data."""
    folder, name = leaf.split('/')
    _, encoder, rest = name.split('_', 2)
    pair = PAIRS[encoder, folder]
    return Config.fromfile(CONFIGS / folder / f'xnet_{pair}_{rest}')


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
    cfg = shrink(load(leaf))
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
    cfg = shrink(load(f'nyu/{head}_dinov2-l_8xb2-80k_nyu-416x544.py'))
    model = revert_sync_batchnorm(MODELS.build(cfg.model)).eval()
    with torch.no_grad():
        maps = model.extract_feat(torch.rand(1, 3, 64, 96))
    assert [tuple(m.shape) for m in maps] == [
        (1, 24, 16, 24),
        (1, 24, 8, 12),
        (1, 24, 4, 6),
        (1, 24, 2, 3),
    ]


@pytest.mark.parametrize(
    'absent, message',
    [
        (
            ['mmcv.ops', 'mmdet.models.dense_heads'],
            r"(?s)needs mmcv's compiled operators \(mmcv\.ops: .*and "
            r'MMDetection \(mmdet\.models\.dense_heads: .*'
            r"pip install 'onedl-mmdetection>=3\.5\.1'.*"
            r"pip install 'mmdet>=3\.3,<3\.4'",
        ),
        (['mmcv.ops'], r"needs mmcv's compiled operators \([^)]*\)\. No "),
        (['mmdet.models.dense_heads'], r'needs MMDetection \([^)]*\)\. No '),
    ],
    ids=['both', 'operators', 'mmdet'],
)
@pytest.mark.parametrize('leaf', [ADE_M2F, CITY_M2F])
def test_mask2former_says_what_it_needs(leaf, absent, message, monkeypatch):
    for name in mask2former_head.NEEDED:
        module = None if name in absent else ModuleType(name)
        monkeypatch.setitem(sys.modules, name, module)
    cfg = load(leaf)
    cfg.model.backbone.update(embed_dims=12, num_heads=(1, 1, 2, 2))
    cfg.model.backbone.init_cfg = None
    with pytest.raises(ImportError, match=message):
        MODELS.build(cfg.model)
