# The depth of the generated rooms of scenes.py, 320x240.
_base_ = '../loaders/depth.py'
dataset_type = 'xnet_mm.DepthDataset'
data_root = '{{$XNET_MM_DATA:data}}/scenes'
max_depth = 10.0  # metres
crop_size = (192, 256)  # (height, width)
train_pipeline = [
    dict(type='xnet_mm.LoadImage'),
    dict(type='xnet_mm.LoadDepth'),
    dict(type='xnet_mm.DepthRandomCrop', crop_size=crop_size),
    dict(type='xnet_mm.DepthRandomFlip', prob=0.5),
    dict(type='xnet_mm.DepthColorAug', prob=0.5),
    dict(type='xnet_mm.PackDepthInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile', _scope_='xnet_mm'),
    dict(type='xnet_mm.LoadDepth'),
    dict(type='xnet_mm.PackDepthInputs'),
]
dataset = dict(
    type=dataset_type,
    data_root=data_root,
    data_prefix=dict(img_path='images', depth_path='depth'),
    depth_scale=1000.0,  # file units per metre
    intrinsics='K.txt',
    metainfo=dict(max_depth=max_depth),
)
train_dataloader = dict(
    batch_size=4,
    num_workers=2,
    dataset=dict(**dataset, ann_file='train.txt', pipeline=train_pipeline),
)
val_dataloader = dict(
    num_workers=2,
    dataset=dict(
        **dataset, ann_file='val.txt', pipeline=test_pipeline, test_mode=True
    ),
)
test_dataloader = val_dataloader

val_evaluator = dict(type='xnet_mm.DepthProtocolMetric', protocol='custom')
test_evaluator = val_evaluator
