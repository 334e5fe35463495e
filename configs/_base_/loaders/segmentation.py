# Test-time augmentation and metric of all class data, on the loaders of all.
_base_ = './default.py'

# Ratios of the image's own size, as MMSegmentation's published multi-scale
# figures have it.
img_ratios = [0.5, 0.75, 1.0, 1.25, 1.5, 1.75]
tta_pipeline = [
    dict(type='xnet_mm.LoadImage'),
    dict(
        type='TestTimeAug',
        transforms=[
            [
                dict(type='Resize', scale_factor=r, keep_ratio=True)
                for r in img_ratios
            ],
            [
                dict(type='RandomFlip', prob=0.0, direction='horizontal'),
                dict(type='RandomFlip', prob=1.0, direction='horizontal'),
            ],
            [dict(type='xnet_mm.LoadLabels')],
            [dict(type='PackSegInputs')],
        ],
    ),
]

val_evaluator = dict(type='IoUMetric', iou_metrics=['mIoU'])
test_evaluator = val_evaluator
