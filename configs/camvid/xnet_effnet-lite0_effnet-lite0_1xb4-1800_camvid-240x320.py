_base_ = [
    '../_base_/models/xnet_effnet-lite0_effnet-lite0.py',
    '../_base_/datasets/camvid.py',
    '../_base_/schedules/schedule_1800.py',
    '../_base_/default_runtime.py',
]
crop_size = (240, 320)
model = dict(
    data_preprocessor=dict(size=crop_size),
    decode_head=dict(num_classes=11),
)
