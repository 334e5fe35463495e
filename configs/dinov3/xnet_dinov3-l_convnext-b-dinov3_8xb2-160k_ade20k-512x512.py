# DINOv3-L x DINOv3's ConvNeXt-B; not in the paper.
_base_ = [
    '../_base_/models/xnet.py',
    '../_base_/datasets/ade20k.py',
    '../_base_/schedules/schedule_160k.py',
    '../_base_/default_runtime.py',
]
crop_size = (512, 512)
model = dict(
    # Padded to whole cells of encoder and decoder, so that the two agree.
    data_preprocessor=dict(size=crop_size, test_cfg=dict(size_divisor=32)),
    backbone=dict(encoder='vit_large_patch16_dinov3.lvd1689m', weights='timm'),
    neck=dict(
        decoder='convnext_base.dinov3_lvd1689m',
        weights='timm',
        upsample='bilinear',
    ),
    decode_head=dict(num_classes=150, upsample='bilinear'),
)
# 2.5e-5, where BEiT's ViT-L is fine-tuned; the base's 2.5e-4 is Swin's.
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys={'backbone.encoder': dict(lr_mult=0.1)})
)
