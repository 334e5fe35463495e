# Table 7's ConvNeXt-UperNet, ConvNeXt-L.
_base_ = [
    '../../_base_/models/upernet_convnext-l.py',
    '../../_base_/datasets/ade20k_640x640.py',
    '../../_base_/schedules/schedule_160k_convnext.py',
    '../../_base_/default_runtime.py',
]
crop_size = (640, 640)
model = dict(
    data_preprocessor=dict(size=crop_size),
    decode_head=dict(num_classes=150),
    auxiliary_head=dict(num_classes=150),
    test_cfg=dict(mode='slide', crop_size=crop_size, stride=(426, 426)),
)
