# DPT's head on the same encoder, wide enough for the MACs of the decoder that
# it replaces; all else alike.
_base_ = (
    '../../hololens/xnet_effnet-lite0_effnet-lite0_1xb4-2k_hololens-192x256.py'
)
model = dict(
    backbone=dict(type='xnet_mm.PretrainedPyramid'),
    neck=None,
    decode_head=dict(
        _delete_=True,
        type='xnet_mm.DPTDepthHead',
        max_depth={{_base_.model.decode_head.max_depth}},
        loss_decode={{_base_.model.decode_head.loss_decode}},
        channels=64,
        dropout_ratio=0.0,
    ),
)
