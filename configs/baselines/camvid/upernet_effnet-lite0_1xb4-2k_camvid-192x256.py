# UPerNet's head on the same encoder, 96 wide: twice the MACs of ×Net with
# bilinear RS, and a little more than with the paper's. All else alike.
_base_ = (
    '../../camvid/xnet_effnet-lite0_effnet-lite0_1xb4-2k_camvid-192x256.py'
)
model = dict(
    backbone=dict(type='xnet_mm.PretrainedPyramid'),
    neck=None,
    decode_head=dict(
        _delete_=True,
        type='UPerHead',
        in_channels=[24, 40, 112, 320],
        in_index=[0, 1, 2, 3],
        channels=96,
        dropout_ratio=0.0,
        norm_cfg=dict(type='SyncBN'),
        num_classes=11,
        loss_decode={{_base_.model.decode_head.loss_decode}},
    ),
)
