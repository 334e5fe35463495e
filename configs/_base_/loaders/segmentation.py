# Test-time augmentation and metric of all class data, on the loaders of all.
_base_ = './default.py'

# Ratios of the file's own size. The bases of data whose test resizes its files
# have theirs: of the size that the test has.
flips = [
    dict(type='RandomFlip', prob=0.0, direction='horizontal'),
    dict(type='RandomFlip', prob=1.0, direction='horizontal'),
]
tta_of_files = [
    dict(type='xnet_mm.LoadImage'),
    dict(
        type='TestTimeAug',
        transforms=[
            [
                dict(type='Resize', scale_factor=r, keep_ratio=True)
                for r in (0.5, 0.75, 1.0, 1.25, 1.5, 1.75)
            ],
            flips,
            [dict(type='xnet_mm.LoadLabels')],
            [dict(type='PackSegInputs')],
        ],
    ),
]
tta_pipeline = tta_of_files

val_evaluator = dict(type='IoUMetric', iou_metrics=['mIoU'])
test_evaluator = val_evaluator
