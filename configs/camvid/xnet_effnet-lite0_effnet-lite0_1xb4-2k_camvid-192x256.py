_base_ = [
    '../_base_/models/xnet_effnet-lite0_effnet-lite0.py',
    '../_base_/datasets/camvid.py',
    '../_base_/schedules/schedule_2k.py',
    '../_base_/default_runtime.py',
]
crop_size = (192, 256)
model = dict(
    data_preprocessor=dict(size=crop_size),
    decode_head=dict(
        num_classes=11,
        # Square root of inverse frequency in train, 1 on average: the rare
        # classes (pole, sign, bicyclist) hold 1 % of the pixels each.
        loss_decode=dict(
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
            ]
        ),
    ),
)
