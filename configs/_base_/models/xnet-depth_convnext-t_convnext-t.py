# ConvNeXt-T x ConvNeXt-T, the pair of Table 1, both with ImageNet-22k weights.
# 'timm' takes them from the Hugging Face hub; without a network give the path
# of a file (weights=...) of the same name.
data_preprocessor = dict(
    type='xnet_mm.DepthDataPreProcessor',
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    bgr_to_rgb=True,
    pad_val=0,
)
model = dict(
    type='xnet_mm.MonoDepthEstimator',
    data_preprocessor=data_preprocessor,
    backbone=dict(
        type='xnet_mm.PretrainedEncoder',
        encoder='convnext_tiny.fb_in22k',
        weights='timm',
    ),
    neck=dict(
        type='xnet_mm.PretrainedReversedDecoder',
        decoder='convnext_tiny.fb_in22k',
        weights='timm',
        mix='stem',
    ),
    # "A simple linear probe"; the paper names neither activation nor loss.
    # Here: the peers' most common, sigmoid times max_depth and BTS's loss.
    decode_head=dict(
        type='xnet_mm.PFPDepthHead',
        max_depth=10.0,
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
