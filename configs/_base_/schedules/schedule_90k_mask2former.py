# schedule_160k_mask2former.py, shorter: Cityscapes.
_base_ = './schedule_160k_mask2former.py'
max_iters = 90000
param_scheduler = [
    dict(
        type='PolyLR',
        power=0.9,
        eta_min=0,
        by_epoch=False,
        begin=0,
        end=max_iters,
    )
]
train_cfg = dict(max_iters=max_iters)
