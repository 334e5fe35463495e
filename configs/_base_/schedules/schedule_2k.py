# A short schedule for small data on a laptop, found on CamVid.
max_iters = 2000
warmup_iters = 25
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(
        type='AdamW', lr=1e-3, betas=(0.9, 0.999), weight_decay=0.01
    ),
    paramwise_cfg=dict(flat_decay_mult=0.0),  # as in schedule_160k.py
)
param_scheduler = [
    dict(
        type='LinearLR',
        start_factor=1e-3,
        by_epoch=False,
        begin=0,
        end=warmup_iters,
    ),
    dict(
        type='PolyLR',
        power=1.0,  # linear
        eta_min=0.0,
        by_epoch=False,
        begin=warmup_iters,
        end=max_iters,
    ),
]
train_cfg = dict(
    type='IterBasedTrainLoop', max_iters=max_iters, val_interval=1000
)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=20, log_metric_by_epoch=False),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(
        type='xnet_mm.SafeCheckpointHook',
        by_epoch=False,
        interval=1000,
        save_best='mIoU',
        max_keep_ckpts=2,
    ),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    visualization=dict(type='xnet_mm.PictureHook'),
)
# For another number of GPUs: --cfg-options auto_scale_lr.enable=True
auto_scale_lr = dict(enable=False, base_batch_size=4)
