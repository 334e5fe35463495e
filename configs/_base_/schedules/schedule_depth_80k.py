# The paper's depth schedule (supplement A): AdamW, weight decay 0.01, linear
# warm-up of 1,600 iterations, linear decay, 80k iterations of 8 x 2 images.
# The encoder's share of the learning rate is in the leaf configs.
max_iters = 80000
warmup_iters = 1600
optim_wrapper = dict(
    type='OptimWrapper',
    # The paper prints 1e-6, probably the start of the warm-up, see
    # configs/nyu: --cfg-options optim_wrapper.optimizer.lr=1e-6. BinsFormer
    # and GEDepth clip: --cfg-options optim_wrapper.clip_grad.max_norm=35
    optimizer=dict(
        type='AdamW', lr=1e-4, betas=(0.9, 0.999), weight_decay=0.01
    ),
    # As in schedule_160k.py. The leaves' custom keys overrule it, so that the
    # encoder's norms and biases decay too: by 0.4 % in all at a tenth of lr.
    paramwise_cfg=dict(flat_decay_mult=0.0),
)
param_scheduler = [
    dict(
        type='LinearLR',
        start_factor=1e-6,
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
    type='IterBasedTrainLoop', max_iters=max_iters, val_interval=4000
)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50, log_metric_by_epoch=False),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(
        type='xnet_mm.SafeCheckpointHook',
        by_epoch=False,
        interval=4000,
        save_best='abs_rel',
        rule='less',
        max_keep_ckpts=2,
    ),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    visualization=dict(type='xnet_mm.PictureHook'),
)
# For another number of GPUs: --cfg-options auto_scale_lr.enable=True
auto_scale_lr = dict(enable=False, base_batch_size=16)
