# UPerNet's head on the same encoder, 96 wide: twice the MACs of ×Net with
# bilinear RS, and a little more than with the paper's. All else alike.
_base_ = (
    '../../hololens/xnet_effnet-lite0_effnet-lite0_1xb4-2k_hololens-192x256.py'
)
model = dict(
    backbone=dict(type='xnet_mm.PretrainedPyramid'),
    neck=None,
    decode_head=dict(
        _delete_=True,
        type='xnet_mm.UPerDepthHead',
        max_depth={{_base_.model.decode_head.max_depth}},
        loss_decode={{_base_.model.decode_head.loss_decode}},
        channels=96,
        dropout_ratio=0.0,
        norm_cfg=dict(type='SyncBN'),
    ),
)
