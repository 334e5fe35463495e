# Table 6 of the paper: Swin-L x ConvNeXt-B on DDAD.
_base_ = [
    '../_base_/models/xnet-depth_swin-l_convnext-b.py',
    '../_base_/datasets/ddad.py',
    '../_base_/schedules/schedule_depth_120k.py',
    '../_base_/depth_runtime.py',
]
crop_size = (384, 640)
model = dict(
    data_preprocessor=dict(size=crop_size),
    decode_head=dict(max_depth=200.0),
    test_cfg=dict(flip='none'),  # as GEDepth
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
