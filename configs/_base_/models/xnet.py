# xNet for classes. A leaf names encoder, decoder, where the weights of each
# come from, and num_classes:
#   weights='timm'                   those of the model's name, from the Hugging
#                                    Face hub (.fb_in22k: ImageNet-22k)
#   weights='FILE'                   a .pth or .safetensors file; without a
#                                    network the one that 'timm' would fetch
#   weights='package://MODULE/FILE'  a file of an installed Python package
model = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(
        type='SegDataPreProcessor',
        # ImageNet's, in RGB; some models were trained with others.
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_val=0,
        seg_pad_val=255,
    ),
    backbone=dict(type='xnet_mm.PretrainedEncoder'),
    neck=dict(type='xnet_mm.PretrainedReversedDecoder', mix='stem'),
    decode_head=dict(
        type='xnet_mm.PFPHead',
        channels=64,
        pyramid_channels=256,
        loss_decode=dict(type='CrossEntropyLoss'),
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
