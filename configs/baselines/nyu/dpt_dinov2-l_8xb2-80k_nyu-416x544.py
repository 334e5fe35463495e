# DPT's head, at the width of its authors, on the same encoder; all else is
# that of the xNet config below.
_base_ = '../../nyu/xnet_dinov2-l_convnextv2-b_8xb2-80k_nyu-416x544.py'
model = dict(
    backbone=dict(type='xnet_mm.PretrainedPyramid'),
    # A ViT's maps share one stride, 16; these get 4, 8, 16 and 32.
    neck=dict(
        _delete_=True,
        type='Feature2Pyramid',
        embed_dim=1024,
        rescales=[4, 2, 1, 0.5],
    ),
    decode_head=dict(
        _delete_=True,
        type='xnet_mm.DPTDepthHead',
        max_depth={{_base_.model.decode_head.max_depth}},
        loss_decode={{_base_.model.decode_head.loss_decode}},
        in_channels=[1024] * 4,  # as the neck leaves them
        channels=256,
        dropout_ratio=0.0,
    ),
)
