# ade20k.py at the size of its peers: crop 640x640, short side 640, both for
# training and testing, as MMSegmentation's ade20k_640x640.py.
_base_ = './ade20k.py'
img_scale = (2560, 640)  # short side 640, long side at most 2560
crop_size = (640, 640)  # (height, width)
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
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
