# Table 5 of the paper: DINOv2-L x ConvNeXtV2-B on KITTI's own benchmark. The
# paper is silent on this schedule; it is that of the Eigen split.
_base_ = [
    '../_base_/models/xnet-depth_dinov2-l_convnextv2-b.py',
    '../_base_/datasets/kitti_official.py',
    '../_base_/schedules/schedule_depth_80k.py',
    '../_base_/depth_runtime.py',
]
crop_size = (352, 704)
model = dict(
    data_preprocessor=dict(size=crop_size),
    decode_head=dict(max_depth=80.0),
)
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys={'backbone.encoder': dict(lr_mult=0.01)})
)
# The measure that the server ranks by.
default_hooks = dict(checkpoint=dict(save_best='silog'))
