# `make demo`: minutes on two cores.
_base_ = [
    '../_base_/models/xnet_effnet-lite0_effnet-lite0.py',
    '../_base_/datasets/scenes.py',
    '../_base_/schedules/schedule_2k.py',
    '../_base_/default_runtime.py',
]
crop_size = (192, 256)
max_iters = 400
model = dict(
    data_preprocessor=dict(size=crop_size),
    decode_head=dict(num_classes=10),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, by_epoch=False, begin=0, end=40),
    dict(
        type='PolyLR',
        power=1.0,
        eta_min=0.0,
        by_epoch=False,
        begin=40,
        end=max_iters,
    ),
]
# `make demo` tests the result itself.
train_cfg = dict(max_iters=max_iters, val_begin=max_iters + 1)
default_hooks = dict(checkpoint=dict(interval=max_iters))
