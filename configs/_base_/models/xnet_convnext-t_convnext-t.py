# ConvNeXt-T x ConvNeXt-T, the pair of Table 1, both with ImageNet-22k weights.
# 'timm' takes them from the Hugging Face hub; without a network give the path
# of a file (weights=...) of the same name.
data_preprocessor = dict(
    type='SegDataPreProcessor',
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    bgr_to_rgb=True,
    pad_val=0,
    seg_pad_val=255,
)
model = dict(
    type='EncoderDecoder',
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
    decode_head=dict(
        type='xnet_mm.PFPHead',
        num_classes=150,
        channels=64,
        pyramid_channels=256,
        loss_decode=dict(type='CrossEntropyLoss'),
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
