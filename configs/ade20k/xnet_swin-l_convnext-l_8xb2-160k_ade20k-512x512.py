# Table 7 of the paper: Swin-L x ConvNeXt-L, both from ImageNet-22k.
_base_ = [
    '../_base_/models/xnet_swin-l_convnext-l.py',
    '../_base_/datasets/ade20k.py',
    '../_base_/schedules/schedule_160k.py',
    '../_base_/default_runtime.py',
]
crop_size = (512, 512)
model = dict(
    data_preprocessor=dict(size=crop_size),
    decode_head=dict(num_classes=150),
)
