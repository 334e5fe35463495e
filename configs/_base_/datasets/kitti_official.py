# KITTI's own depth prediction benchmark: the annotated drives for training,
# 1,000 selected images for validation, 500 without public ground truth for
# the server; to 80 m, crop 352x704, 8 GPUs x 2 images. The layout is in
# configs/kitti/README.md. XNET_MM_DATA is the folder of all data sets.
dataset_type = 'xnet_mm.KITTIOfficialDataset'
data_root = '{{$XNET_MM_DATA:data}}/kitti'
crop_size = (352, 704)  # (height, width)
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='xnet_mm.LoadDepth'),
    dict(type='xnet_mm.KBCrop'),  # 352x1216
    # BTS and NeWCRFs rotate by 1 degree.
    dict(type='xnet_mm.DepthRandomRotate', prob=0.5, degree=2.5),
    dict(type='xnet_mm.DepthRandomFlip', prob=0.5),
    dict(type='xnet_mm.DepthRandomCrop', crop_size=crop_size),
    # BinsFormer's code raises 0..255, not 0..1, to gamma: mode='mdet'.
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
    dict(type='LoadImageFromFile'),
    dict(type='xnet_mm.LoadDepth'),
    dict(type='xnet_mm.KBCrop'),  # these images are cropped already
    dict(type='xnet_mm.PackDepthInputs'),
]
# What test_cfg.flip='mean' of the model does in one pass over the data.
tta_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='xnet_mm.KBCrop'),
    dict(
        type='TestTimeAug',
        transforms=[
            [
                dict(type='xnet_mm.DepthRandomFlip', prob=0.0),
                dict(type='xnet_mm.DepthRandomFlip', prob=1.0),
            ],
            [dict(type='xnet_mm.LoadDepth')],
            [dict(type='xnet_mm.PackDepthInputs')],
        ],
    ),
]
train_dataloader = dict(
    batch_size=2,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='kitti_official_train.txt',
        data_prefix=dict(img_path='input', depth_path='gt_depth'),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_prefix=dict(
            img_path='depth_selection/val_selection_cropped/image',
            depth_path='depth_selection/val_selection_cropped/'
            'groundtruth_depth',
        ),
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_prefix=dict(
            img_path='depth_selection/test_depth_prediction_anonymous/image'
        ),
        pipeline=test_pipeline,
        test_mode=True,
    ),
)

val_evaluator = dict(
    type='xnet_mm.DepthProtocolMetric', protocol='kitti_official'
)
test_evaluator = dict(
    type='xnet_mm.KITTISubmission', output_dir='work_dirs/kitti_submission'
)
