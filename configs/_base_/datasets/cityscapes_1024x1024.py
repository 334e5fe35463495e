# cityscapes.py with the crop of SegFormer, as MMSegmentation's
# cityscapes_1024x1024.py.
_base_ = './cityscapes.py'
crop_size = (1024, 1024)  # (height, width)
train_pipeline = [
    dict(type='xnet_mm.LoadImage'),
    dict(type='xnet_mm.LoadLabels'),
    dict(
        type='RandomResize',
        scale={{_base_.img_scale}},
        ratio_range=(0.5, 2.0),
        keep_ratio=True,
    ),
    dict(type='RandomCrop', crop_size=crop_size, cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PhotoMetricDistortion'),
    dict(type='PackSegInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
