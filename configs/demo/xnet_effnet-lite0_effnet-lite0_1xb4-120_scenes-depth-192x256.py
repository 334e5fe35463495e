# `make demo`, the depth leg: two minutes on two cores.
_base_ = [
    '../_base_/models/xnet-depth_effnet-lite0_effnet-lite0.py',
    '../_base_/datasets/scenes_depth.py',
    '../_base_/schedules/schedule_2k.py',
    '../_base_/depth_runtime.py',
]
crop_size = (192, 256)
max_iters = 120
model = dict(data_preprocessor=dict(size=crop_size))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, by_epoch=False, begin=0, end=20),
    dict(
        type='PolyLR',
        power=1.0,
        eta_min=0.0,
        by_epoch=False,
        begin=20,
        end=max_iters,
    ),
]
# `make demo` tests the result itself.
train_cfg = dict(max_iters=max_iters, val_begin=max_iters + 1)
default_hooks = dict(
    checkpoint=dict(interval=max_iters, save_best='abs_rel', rule='less')
)
