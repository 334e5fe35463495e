# The same training on one GPU: gradients of 8 x 2 images are summed before
# each of the 160k steps. MMEngine counts batches, so all counts grow.
_base_ = './xnet_swin-l_convnext-l_8xb2-160k_ade20k-512x512.py'
accumulative_counts = 8
max_iters = 160000 * accumulative_counts
warmup_iters = 1500 * accumulative_counts
interval = 16000 * accumulative_counts
optim_wrapper = dict(accumulative_counts=accumulative_counts)
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
        power=1.0,
        eta_min=0.0,
        by_epoch=False,
        begin=warmup_iters,
        end=max_iters,
    ),
]
train_cfg = dict(max_iters=max_iters, val_interval=interval)
default_hooks = dict(checkpoint=dict(interval=interval))
