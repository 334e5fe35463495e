# UPerNet's head, at the width of its authors, on the same encoder; all else is
# that of the xNet config below.
_base_ = '../../kitti/xnet_swin-l_convnext-b_8xb2-80k_kitti-eigen-352x704.py'
model = dict(
    backbone=dict(type='xnet_mm.PretrainedPyramid'),
    neck=None,
    decode_head=dict(
        _delete_=True,
        type='xnet_mm.UPerDepthHead',
        max_depth={{_base_.model.decode_head.max_depth}},
        loss_decode={{_base_.model.decode_head.loss_decode}},
        channels=512,
        dropout_ratio=0.0,
        norm_cfg=dict(type='SyncBN'),
    ),
)
