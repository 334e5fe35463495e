# Table 3 of the paper: Swin-L x ConvNeXt-B, both from ImageNet-22k, on
# KITTI, Eigen split.
_base_ = [
    '../_base_/models/xnet-depth.py',
    '../_base_/datasets/kitti_eigen.py',
    '../_base_/schedules/schedule_depth_80k.py',
    '../_base_/depth_runtime.py',
]
crop_size = (352, 704)
model = dict(
    data_preprocessor=dict(size=crop_size),
    backbone=dict(
        encoder='swin_large_patch4_window12_384.ms_in22k', weights='timm'
    ),
    neck=dict(decoder='convnext_base.fb_in22k', weights='timm'),
    decode_head=dict(max_depth={{_base_.max_depth}}),
)
optim_wrapper = dict(
    paramwise_cfg=dict(
        custom_keys={
            'backbone.encoder': dict(lr_mult=0.1),
            # A longer key wins, so it repeats the factor.
            'relative_position_bias_table': dict(lr_mult=0.1, decay_mult=0.0),
        }
    )
)
