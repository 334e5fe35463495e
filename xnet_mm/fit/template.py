"""The text of the config that a fit writes, with gaps for its numbers."""

HEAD = """\
# Written by `python -m xnet_mm fit`. Every number is yours to change:
#   python -m xnet_mm train CONFIG --work-dir FOLDER
# trains what it says, and so does the tools/train.py of MMSegmentation.
{understood}
_base_ = [
    {bases}
]
custom_imports = dict(imports=['xnet_mm'])

# Encoder and decoder are a small model that learns on a CPU; any other that
# timm has pre-trained and that has four stages may take its place.
name = 'tf_efficientnet_lite0'
{weights}
{crop_size}
{scale}
"""

SEGMENTATION = """\
{class_weight}
num_classes = {num_classes}
model = dict(
    data_preprocessor=dict(
        mean=[127.5, 127.5, 127.5],  # what these weights were trained with
        std=[127.5, 127.5, 127.5],
        size=crop_size,
    ),
    backbone=dict(encoder=name, weights=weights),
    neck=dict(decoder=name, weights=weights, upsample='bilinear'),
    decode_head=dict(
        num_classes=num_classes,
        channels=32,
        pyramid_channels=64,
        upsample='bilinear',
        loss_decode=[
            dict(
                type='xnet_mm.WeightedCrossEntropyLoss',
                class_weight=class_weight,
            ),
            # The IoU itself, of the classes that a batch holds.
            dict(type='xnet_mm.LovaszSoftmaxLoss'),
        ],
    ),
)

train_pipeline = [
    dict(type='xnet_mm.LoadImage'),
    dict(type='xnet_mm.LoadLabels'),
    dict(
        type='RandomResize',
        scale=scale,
        ratio_range=(0.625, 1.5625),
        keep_ratio=True,
    ),
    dict(type='RandomCrop', crop_size=crop_size, cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PhotoMetricDistortion'),
    dict(type='PackSegInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile', _scope_='xnet_mm'),
    dict(type='Resize', scale=scale, keep_ratio=True),
    # After Resize: the metric is computed at the label's own size.
    dict(type='xnet_mm.LoadLabels'),
    dict(type='PackSegInputs'),
]
"""

DEPTH = """\
{max_depth}
model = dict(
    data_preprocessor=dict(
        mean=[127.5, 127.5, 127.5],  # what these weights were trained with
        std=[127.5, 127.5, 127.5],
        size=crop_size,
    ),
    backbone=dict(encoder=name, weights=weights),
    neck=dict(decoder=name, weights=weights, upsample='bilinear'),
    decode_head=dict(
        max_depth=max_depth,
        channels=32,
        pyramid_channels=64,
        upsample='bilinear',
    ),
)

resize = dict(type='xnet_mm.DepthResize', scale=scale, keep_ratio=True)
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
"""

TAIL = """\
{metainfo}
{train_data}
{val_data}
{test_data}
{batch_size}
train_dataloader = dict(
    batch_size=batch_size,
    num_workers={workers},
    dataset=dict(**train_data, pipeline=train_pipeline),
)
val_dataloader = dict(
    num_workers={workers},
    dataset=dict(**val_data, pipeline=test_pipeline, test_mode=True),
)
test_dataloader = dict(
    num_workers={workers},
    dataset=dict(**test_data, pipeline=test_pipeline, test_mode=True),
)

{max_iters}
{val_interval}
warmup_iters = {warmup}
param_scheduler = [
    dict(
        type='LinearLR',
        start_factor=1e-3,
        by_epoch=False,
        begin=0,
        end=warmup_iters,
    ),
    dict(
        type='PolyLR',
        power=1.0,  # linear
        eta_min=0.0,
        by_epoch=False,
        begin=warmup_iters,
        end=max_iters,
    ),
]
train_cfg = dict(max_iters=max_iters, val_interval=val_interval)
default_hooks = dict(
    logger=dict(interval=10),
    # The best one of all validations is kept beside the last.
    checkpoint=dict(
        interval=val_interval,
        save_best='{metric}',
        rule='{rule}',
        max_keep_ckpts=1,
    ),
)
custom_hooks = [
    *_base_.custom_hooks,
    # What is validated and kept are the averaged weights.
    {ema}
    # {patience} validations in a row without a better one end the training.
    dict(
        type='EarlyStoppingHook',
        monitor='{metric}',
        rule='{rule}',
        min_delta={min_delta},
        patience={patience},
    ),
]
{evaluators}"""

EVALUATORS = """\
val_evaluator = dict(type='xnet_mm.DepthProtocolMetric', protocol='custom')
test_evaluator = val_evaluator
"""
