# The shipped config of HoloLens with half of its iterations, and figures of edges
# and blocks. What it is compared with changes the model alone.
_base_ = (
    '../../hololens/xnet_effnet-lite0_effnet-lite0_1xb4-2k_hololens-192x256.py'
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
    dict(type='xnet_mm.DepthProtocolMetric', protocol='custom'),
    dict(type='xnet_mm.DepthBoundaryMetric'),
    dict(type='xnet_mm.GridContrast'),
]
test_evaluator = val_evaluator
