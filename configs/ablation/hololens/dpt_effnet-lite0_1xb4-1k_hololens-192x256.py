# DPT's head on the same encoder, wide enough for the MACs of the decoder that
# it replaces. Batch norm as in DPT's segmentation model and as UPerNet's head has
# it: without, 80 channels did not learn depth.
_base_ = './xnet_effnet-lite0_effnet-lite0_1xb4-1k_hololens-192x256.py'
model = dict(
    backbone=dict(type='xnet_mm.PretrainedPyramid'),
    neck=None,
    decode_head=dict(
        _delete_=True,
        type='xnet_mm.DPTDepthHead',
        max_depth={{_base_.model.decode_head.max_depth}},
        loss_decode={{_base_.model.decode_head.loss_decode}},
        channels=40,
        norm_cfg=dict(type='SyncBN'),
        dropout_ratio=0.0,
    ),
)
