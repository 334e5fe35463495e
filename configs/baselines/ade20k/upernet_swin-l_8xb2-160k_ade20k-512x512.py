# Table 7's Swin-UperNet; the paper's figure is of a 640x640 crop.
_base_ = [
    '../../_base_/models/upernet_swin-l.py',
    '../../_base_/datasets/ade20k.py',
    '../../_base_/schedules/schedule_160k_swin.py',
    '../../_base_/default_runtime.py',
]
crop_size = (512, 512)
model = dict(
    data_preprocessor=dict(size=crop_size),
    decode_head=dict(num_classes=150),
    auxiliary_head=dict(num_classes=150),
)
