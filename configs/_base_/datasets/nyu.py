# NYU-Depth-V2: 24,231 training pairs, 654 test pairs, 640x480, to 10 m;
# crop 416x544, 8 GPUs x 2 images, as BinsFormer has it. The layout is in
# configs/nyu/README.md. XNET_MM_DATA is the folder of all data sets.
_base_ = '../loaders/depth.py'
dataset_type = 'xnet_mm.NYUDepthV2Dataset'
data_root = '{{$XNET_MM_DATA:data}}/nyu'
max_depth = 10.0  # metres, as the class has it
crop_size = (416, 544)  # (height, width)
train_pipeline = [
    dict(type='xnet_mm.LoadImage'),
    dict(type='xnet_mm.LoadDepth'),
    dict(type='xnet_mm.NYUCrop'),  # the frame holds no image
    dict(type='xnet_mm.DepthRandomRotate', prob=0.5, degree=2.5),
    dict(type='xnet_mm.DepthRandomFlip', prob=0.5),
    dict(type='xnet_mm.DepthRandomCrop', crop_size=crop_size),
    # BinsFormer's code raises 0..255, not 0..1, to gamma: mode='mdet'.
    dict(
        type='xnet_mm.DepthColorAug',
        prob=0.5,
        gamma_range=(0.9, 1.1),
        brightness_range=(0.75, 1.25),
        color_range=(0.9, 1.1),
    ),
    dict(type='xnet_mm.PackDepthInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile', _scope_='xnet_mm'),
    dict(type='xnet_mm.LoadDepth'),
    dict(type='xnet_mm.PackDepthInputs'),
]
train_dataloader = dict(
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='nyu_train.txt',
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='nyu_test.txt',
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader

val_evaluator = dict(type='xnet_mm.DepthProtocolMetric', protocol='nyu_eigen')
test_evaluator = val_evaluator
