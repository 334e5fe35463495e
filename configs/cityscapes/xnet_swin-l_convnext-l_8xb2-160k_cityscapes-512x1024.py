# Table 8 of the paper: Swin-L x ConvNeXt-L, both from ImageNet-22k.
_base_ = [
    '../_base_/models/xnet.py',
    '../_base_/datasets/cityscapes.py',
    '../_base_/schedules/schedule_160k.py',
    '../_base_/default_runtime.py',
]
crop_size = (512, 1024)
model = dict(
    data_preprocessor=dict(size=crop_size),
    backbone=dict(
        encoder='swin_large_patch4_window12_384.ms_in22k', weights='timm'
    ),
    neck=dict(decoder='convnext_large.fb_in22k', weights='timm'),
    decode_head=dict(num_classes=19),
)
