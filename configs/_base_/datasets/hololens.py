# One walk through an office floor, 373 RGB and depth pairs of 540x360; see
# configs/hololens/README.md. XNET_MM_DATA is the folder of all data sets.
_base_ = '../loaders/depth.py'
dataset_type = 'xnet_mm.DepthDataset'
data_root = '{{$XNET_MM_DATA:data}}/hololens'
max_depth = 10.0  # metres
train_scale = (288, 192)  # (width, height)
crop_size = (192, 256)  # (height, width)
resize = dict(type='xnet_mm.DepthResize', scale=train_scale, keep_ratio=True)
train_pipeline = [
    dict(type='xnet_mm.LoadImage'),
    dict(type='xnet_mm.LoadDepth'),
    resize,
    dict(type='xnet_mm.DepthRandomCrop', crop_size=crop_size),
    dict(type='xnet_mm.DepthRandomFlip', prob=0.5),
    dict(type='xnet_mm.DepthColorAug', prob=0.5),
    dict(type='xnet_mm.PackDepthInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile', _scope_='xnet_mm'),
    resize,
    # After the resize: the metric is computed at the truth's own size.
    dict(type='xnet_mm.LoadDepth'),
    dict(type='xnet_mm.PackDepthInputs'),
]
# What test_cfg.flip='mean' of the model does in one pass over the data.
tta_pipeline = [
    dict(type='xnet_mm.LoadImage'),
    dict(
        type='TestTimeAug',
        transforms=[
            [resize],
            [
                dict(type='xnet_mm.DepthRandomFlip', prob=0.0),
                dict(type='xnet_mm.DepthRandomFlip', prob=1.0),
            ],
            [dict(type='xnet_mm.LoadDepth')],
            [dict(type='xnet_mm.PackDepthInputs')],
        ],
    ),
]
dataset = dict(
    type=dataset_type,
    data_root=data_root,
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
