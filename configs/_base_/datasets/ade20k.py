# ADE20K, 150 classes: crop 512x512, 8 GPUs x 2 images; the layout is in
# configs/ade20k/README.md. XNET_MM_DATA is the folder of all data sets.
_base_ = '../loaders/segmentation.py'
dataset_type = 'ADE20KDataset'  # mmseg's: sets reduce_zero_label=True
data_root = '{{$XNET_MM_DATA:data}}/ade/ADEChallengeData2016'
img_scale = (2048, 512)  # short side 512, long side at most 2048
crop_size = (512, 512)  # (height, width)
train_pipeline = [
    dict(type='xnet_mm.LoadImage'),
    dict(type='xnet_mm.LoadLabels'),
    dict(
        type='RandomResize',
        scale=img_scale,
        ratio_range=(0.5, 2.0),
        keep_ratio=True,
    ),
    dict(type='RandomCrop', crop_size=crop_size, cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PhotoMetricDistortion'),
    dict(type='PackSegInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile', _scope_='xnet_mm'),
    dict(type='Resize', scale=img_scale, keep_ratio=True),
    # After Resize: the metric is computed at the label's own size.
    dict(type='xnet_mm.LoadLabels'),
    dict(type='PackSegInputs'),
]
# Ratios of img_scale, not of the file's own size as MMSegmentation 1.x's config
# has it: published figures come from its releases 0.x, which had it so.
tta_pipeline = [
    dict(type='xnet_mm.LoadImage'),
    dict(
        type='TestTimeAug',
        transforms=[
            [
                dict(
                    type='Resize',
                    scale=(int(img_scale[0] * r), int(img_scale[1] * r)),
                    keep_ratio=True,
                )
                for r in (0.5, 0.75, 1.0, 1.25, 1.5, 1.75)
            ],
            {{_base_.flips}},
            [dict(type='xnet_mm.LoadLabels')],
            [dict(type='PackSegInputs')],
        ],
    ),
]
train_dataloader = dict(
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_prefix=dict(
            img_path='images/training', seg_map_path='annotations/training'
        ),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_prefix=dict(
            img_path='images/validation', seg_map_path='annotations/validation'
        ),
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader
