# Table 1, FPN: the stages of the decoder in the usual order, low to high
# resolution, with pyramid links, random; prediction from its last map by RS.
_base_ = [
    '../../_base_/models/xnet-depth.py',
    '../../_base_/datasets/nyu.py',
    '../../_base_/schedules/schedule_depth_80k.py',
    '../../_base_/depth_runtime.py',
]
crop_size = (416, 544)
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
    decode_head=dict(max_depth={{_base_.max_depth}}, in_index=[-1]),
)
