# The shipped config of HoloLens with a tenth of its iterations and the paper's RS:
# what the start of the mix and pyramid links were compared with.
_base_ = (
    '../../hololens/xnet_effnet-lite0_effnet-lite0_1xb4-2k_hololens-192x256.py'
)
model = dict(
    neck=dict(upsample='shuffle'), decode_head=dict(upsample='shuffle')
)
max_iters = 200
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
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
default_hooks = dict(
    logger=dict(interval=10),
    checkpoint=dict(interval=100, max_keep_ckpts=1, save_best=None),
)
