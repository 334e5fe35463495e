# DINOv2-L x ConvNeXtV2-B, the pair of Tables 2, 3 and 5. The encoder starts
# from Metric3Dv2's, as the paper has it for KITTI; make its file once:
#   python tools/model_converters/metric3d.py \
#       metric_depth_vit_large_800k.pth \
#       checkpoints/metric3d_vit_large.safetensors
# model.backbone.weights=timm starts from plain DINOv2 instead. Decoder: masked
# auto-encoding, then ImageNet-22k and 1k, from the hub.
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
        encoder='vit_large_patch14_reg4_dinov2.lvd142m',
        weights='checkpoints/metric3d_vit_large.safetensors',
        input_scale=14 / 16,  # patches of 14 pixels, a stride of 16
    ),
    neck=dict(
        type='xnet_mm.PretrainedReversedDecoder',
        decoder='convnextv2_base.fcmae_ft_in22k_in1k',
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
