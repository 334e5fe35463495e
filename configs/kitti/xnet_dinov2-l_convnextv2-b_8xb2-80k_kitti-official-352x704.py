# Table 5 of the paper: DINOv2-L x ConvNeXtV2-B on KITTI's own benchmark. The
# paper is silent on this schedule; it is that of the Eigen split.
_base_ = [
    '../_base_/models/xnet-depth.py',
    '../_base_/datasets/kitti_official.py',
    '../_base_/schedules/schedule_depth_80k.py',
    '../_base_/depth_runtime.py',
]
crop_size = (352, 704)
model = dict(
    data_preprocessor=dict(size=crop_size),
    backbone=dict(
        encoder='vit_large_patch14_reg4_dinov2.lvd142m',
        # Metric3Dv2's, as the paper has it for KITTI: made once by
        # tools/model_converters/metric3d.py, see configs/nyu/README.md.
        # weights='timm' starts from plain DINOv2 instead.
        weights='checkpoints/metric3d_vit_large.safetensors',
        input_scale=14 / 16,  # patches of 14 pixels, a stride of 16
    ),
    # Masked auto-encoding, then ImageNet-22k and 1k.
    neck=dict(decoder='convnextv2_base.fcmae_ft_in22k_in1k', weights='timm'),
    decode_head=dict(max_depth={{_base_.max_depth}}),
)
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys={'backbone.encoder': dict(lr_mult=0.01)})
)
# The measure that the server ranks by.
default_hooks = dict(checkpoint=dict(save_best='silog'))
