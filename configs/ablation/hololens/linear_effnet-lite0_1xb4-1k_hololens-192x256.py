# A linear probe of the same encoder's four maps; the encoder learns as in the
# other configs.
_base_ = './xnet_effnet-lite0_effnet-lite0_1xb4-1k_hololens-192x256.py'
model = dict(
    backbone=dict(type='xnet_mm.PretrainedPyramid'),
    neck=None,
    decode_head=dict(
        _delete_=True,
        type='xnet_mm.LinearDepthHead',
        max_depth={{_base_.model.decode_head.max_depth}},
        loss_decode={{_base_.model.decode_head.loss_decode}},
    ),
)
