# The shipped config of CamVid with half of its iterations, and figures of edges
# and blocks. What it is compared with changes the model alone.
_base_ = (
    '../../camvid/xnet_effnet-lite0_effnet-lite0_1xb4-2k_camvid-192x256.py'
)
model = dict(
    neck=dict(upsample='bilinear'), decode_head=dict(upsample='bilinear')
)
max_iters = 1000
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, by_epoch=False, begin=0, end=25),
    dict(
        type='PolyLR',
        power=1.0,
        eta_min=0.0,
        by_epoch=False,
        begin=25,
        end=max_iters,
    ),
]
train_cfg = dict(max_iters=max_iters, val_interval=250)
default_hooks = dict(
    logger=dict(interval=10),
    checkpoint=dict(interval=250, max_keep_ckpts=1, save_best=None),
)
val_evaluator = [
    dict(type='IoUMetric', iou_metrics=['mIoU']),
    dict(type='xnet_mm.BoundaryMetric'),
    dict(type='xnet_mm.GridContrast'),
]
test_evaluator = val_evaluator
