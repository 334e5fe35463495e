# xNet for depth. A leaf names encoder, decoder and where the weights of each
# come from (xnet.py has the three ways), and hands the head the max_depth of
# the data set's base, the one place where that range is typed. Other data:
# model.decode_head.max_depth and dataset.metainfo.max_depth of the loaders;
# xnet_mm.DepthRangeCheckHook compares the two before the first iteration.
model = dict(
    type='xnet_mm.MonoDepthEstimator',
    data_preprocessor=dict(
        type='xnet_mm.DepthDataPreProcessor',
        # ImageNet's, in RGB; some models were trained with others.
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_val=0,
    ),
    backbone=dict(type='xnet_mm.PretrainedEncoder'),
    neck=dict(type='xnet_mm.PretrainedReversedDecoder', mix='stem'),
    # "A simple linear probe"; the paper names neither activation nor loss.
    # Here: the peers' most common, sigmoid times max_depth and BTS's loss.
    decode_head=dict(
        type='xnet_mm.PFPDepthHead',
        channels=64,
        pyramid_channels=256,
        loss_decode=dict(
            type='xnet_mm.ScaleInvariantLogLoss',
            variance_focus=0.85,
            loss_weight=10.0,
        ),
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole', flip='mean'),
)
