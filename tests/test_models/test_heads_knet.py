"""MMSegmentation's K-Net refines the kernels of a PFPHead."""

import pytest
import torch
from tiny_boxes import RESNET, SMALL, assembled, samples, train_step
from torch import nn

WIDTH = SMALL['channels']
UPDATE = dict(
    type='KernelUpdateHead',
    num_classes=5,
    num_ffn_fcs=2,
    num_heads=2,
    num_mask_fcs=1,
    feedforward_channels=16,
    in_channels=WIDTH,
    out_channels=WIDTH,
    conv_kernel_size=1,
    ffn_act_cfg=dict(type='ReLU', inplace=True),
    with_ffn=True,
    feat_transform_cfg=dict(conv_cfg=dict(type='Conv2d'), act_cfg=None),
    kernel_updator_cfg=dict(
        type='KernelUpdator',
        in_channels=WIDTH,
        feat_channels=WIDTH,
        out_channels=WIDTH,
        act_cfg=dict(type='ReLU', inplace=True),
        norm_cfg=dict(type='LN'),
    ),
)
XNET = dict(
    backbone=dict(type='xnet_mm.PretrainedEncoder', encoder='convnext_atto'),
    neck=dict(
        type='xnet_mm.PretrainedReversedDecoder', decoder='convnext_atto'
    ),
)


def knet(boxes, stages=2, **head):
    """K-Net of `stages` rounds on a PFPHead with these options."""
    torch.manual_seed(0)
    generate = dict(type='xnet_mm.PFPHead', num_classes=5, **SMALL, **head)
    return assembled(
        **boxes,
        decode_head=dict(
            type='IterativeDecodeHead',
            num_stages=stages,
            kernel_generate_head=generate,
            kernel_update_head=[UPDATE] * stages,
        ),
    )


@pytest.mark.parametrize(
    ('boxes', 'head'),
    [
        (XNET, dict(out_stride=4)),
        (dict(backbone=RESNET), dict(in_channels=[64, 128, 256, 512])),
    ],
    ids=['xnet', 'plain backbone'],
)
def test_trains_every_stage(boxes, head):
    model = knet(boxes, **head)
    probe = model.decode_head.kernel_generate_head.conv_seg.weight
    before = probe.detach().clone()
    train_step(model)  # every parameter has to get a gradient
    torch.optim.SGD(model.parameters(), 0.1).step()
    assert not torch.equal(probe, before)
    losses = model.loss(*samples((64, 96)))
    assert {*losses} >= {f'decode.loss_ce.s{i}' for i in range(3)}


def test_first_stage_is_the_head_itself():
    model = knet(XNET, out_stride=4)
    head = model.decode_head
    inputs, _ = samples((64, 96))
    maps = model.extract_feat(inputs)
    stages = head.train()(maps)
    assert len(stages) == 3
    alone = head.kernel_generate_head(maps)
    assert alone.shape == (2, 5, 16, 24)
    assert torch.equal(
        alone,
        head.kernel_generate_head.conv_seg(
            head.kernel_generate_head._forward_feature(maps)
        ),
    )
    assert torch.equal(stages[0], alone)
    assert not torch.allclose(stages[1], alone)


@pytest.mark.parametrize('size', [(64, 96), (70, 90)])
def test_predicts_at_the_images_size(size):
    model = knet(XNET, out_stride=4).eval()
    inputs, data_samples = samples(size, num=1)
    with torch.no_grad():
        (result,) = model.predict(inputs, data_samples)
        last = model.decode_head(model.extract_feat(inputs))
    logits = nn.functional.interpolate(last, size, mode='bilinear')
    assert torch.equal(result.pred_sem_seg.data, logits.argmax(1))
