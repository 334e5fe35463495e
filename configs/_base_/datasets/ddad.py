# DDAD: cameras 01, 05, 06 and 09, 50,600 training and 15,800 test images of
# 1936x1216, to 200 m; resized to 384x640, 8 GPUs x 2 images, the rest as
# GEDepth has it. The layout is in configs/ddad/README.md. XNET_MM_DATA is the
# folder of all data sets.
_base_ = '../loaders/depth.py'
dataset_type = 'xnet_mm.DDADDataset'
data_root = '{{$XNET_MM_DATA:data}}/ddad'
max_depth = 200.0  # metres, as the class has it
img_scale = (640, 384)  # (width, height)
crop_size = (384, 640)  # (height, width)
train_pipeline = [
    dict(type='xnet_mm.LoadImage'),
    dict(type='xnet_mm.LoadDepth'),
    dict(type='xnet_mm.DepthSplatResize', scale=img_scale),
    dict(
        type='xnet_mm.DepthRandomResize',
        scale=img_scale,
        ratio_range=(0.5, 2.0),
    ),
    dict(type='xnet_mm.DepthRandomPad', size=crop_size),
    dict(type='xnet_mm.DepthRandomRotate', prob=0.5, degree=2.5),
    # No flip: GEDepth's has probability 0.
    dict(type='xnet_mm.DepthRandomCrop', crop_size=crop_size),
    # GEDepth's code raises 0..255, not 0..1, to gamma: mode='mdet'.
    dict(
        type='xnet_mm.DepthColorAug',
        prob=0.5,
        gamma_range=(0.9, 1.1),
        brightness_range=(0.9, 1.1),
        color_range=(0.9, 1.1),
    ),
    dict(type='xnet_mm.PackDepthInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile', _scope_='xnet_mm'),
    dict(type='xnet_mm.DepthSplatResize', scale=img_scale),
    # After the resize: the metric is computed at 1936x1216.
    dict(type='xnet_mm.LoadDepth'),
    dict(type='xnet_mm.PackDepthInputs'),
]
tta_pipeline = [
    dict(type='xnet_mm.LoadImage'),
    dict(type='xnet_mm.DepthSplatResize', scale=img_scale),
    {{_base_.flip}},
]
train_dataloader = dict(
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='ddad_train.txt',
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='ddad_val.txt',
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader

val_evaluator = dict(type='xnet_mm.DepthProtocolMetric', protocol='ddad')
test_evaluator = val_evaluator
