# The generated rooms of scenes.py with both truths, classes and depth.
# Nothing is re-sized: that would be another camera to the depth.
_base_ = '../loaders/segmentation.py'
dataset_type = 'xnet_mm.ScenesDepthDataset'
data_root = '{{$XNET_MM_DATA:data}}/scenes'
max_depth = 10.0  # metres
crop_size = (192, 256)  # (height, width)
train_pipeline = [
    dict(type='xnet_mm.LoadImage'),
    dict(type='xnet_mm.LoadLabels'),
    dict(type='xnet_mm.LoadDepth'),
    # MMSegmentation's: they move all truths of a sample.
    dict(type='RandomCrop', crop_size=crop_size, cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PhotoMetricDistortion'),
    dict(type='xnet_mm.PackDepthInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile', _scope_='xnet_mm'),
    dict(type='xnet_mm.LoadLabels'),
    dict(type='xnet_mm.LoadDepth'),
    dict(type='xnet_mm.PackDepthInputs'),
]
tta_pipeline = [
    dict(type='xnet_mm.LoadImage'),
    dict(
        type='TestTimeAug',
        transforms=[
            [
                dict(type='RandomFlip', prob=0.0, direction='horizontal'),
                dict(type='RandomFlip', prob=1.0, direction='horizontal'),
            ],
            [dict(type='xnet_mm.LoadLabels')],
            [dict(type='xnet_mm.LoadDepth')],
            [dict(type='xnet_mm.PackDepthInputs')],
        ],
    ),
]
dataset = dict(
    type=dataset_type,
    data_root=data_root,
    data_prefix=dict(
        img_path='images', seg_map_path='labels', depth_path='depth'
    ),
    metainfo=dict(max_depth=max_depth),
)
train_dataloader = dict(
    batch_size=4,
    num_workers=2,
    dataset=dict(**dataset, ann_file='train.txt', pipeline=train_pipeline),
)
val_dataloader = dict(
    num_workers=2,
    dataset=dict(**dataset, ann_file='val.txt', pipeline=test_pipeline),
)
test_dataloader = val_dataloader

val_evaluator = [
    dict(type='IoUMetric', iou_metrics=['mIoU']),
    dict(type='xnet_mm.DepthProtocolMetric', protocol='custom'),
]
test_evaluator = val_evaluator
