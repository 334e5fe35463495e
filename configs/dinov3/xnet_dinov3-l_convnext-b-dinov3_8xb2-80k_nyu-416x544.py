# DINOv3-L x DINOv3's ConvNeXt-B; not in the paper.
_base_ = [
    '../_base_/models/xnet-depth.py',
    '../_base_/datasets/nyu.py',
    '../_base_/schedules/schedule_depth_80k.py',
    '../_base_/depth_runtime.py',
]
crop_size = (416, 544)
model = dict(
    data_preprocessor=dict(size=crop_size),
    backbone=dict(encoder='vit_large_patch16_dinov3.lvd1689m', weights='timm'),
    neck=dict(
        decoder='convnext_base.dinov3_lvd1689m',
        weights='timm',
        upsample='bilinear',
    ),
    decode_head=dict(max_depth={{_base_.max_depth}}, upsample='bilinear'),
)
# As the paper has it for DINOv2-L.
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys={'backbone.encoder': dict(lr_mult=0.01)})
)
