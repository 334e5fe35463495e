# Table 1, FPN: the stages of the decoder in the usual order, low to high
# resolution, with pyramid links, random; prediction from its last map by RS.
_base_ = [
    '../../_base_/models/xnet.py',
    '../../_base_/datasets/ade20k.py',
    '../../_base_/schedules/schedule_160k.py',
    '../../_base_/default_runtime.py',
]
crop_size = (512, 512)
model = dict(
    data_preprocessor=dict(size=crop_size),
    backbone=dict(
        encoder='convnext_tiny.fb_in22k', weights='timm', pyramid=True
    ),
    neck=dict(
        _delete_=True,
        type='xnet_mm.FPNDecoder',
        decoder='convnext_tiny.fb_in22k',
    ),
    decode_head=dict(num_classes=150, in_index=[-1]),
)
