# CamVid, 11 classes, 480x360: how to get it is written in
# tools/dataset_converters/camvid.py. XNET_MM_DATA is the folder of all data
# sets; a symbolic link data/camvid does as well.
_base_ = '../loaders/segmentation.py'
dataset_type = 'xnet_mm.CamVidDataset'
data_root = '{{$XNET_MM_DATA:data}}/camvid'
img_scale = (480, 360)  # (width, height), the size of the files themselves
# Within the range that training sees; the best of 600x450, 480x360 and
# 384x288 on val. Labels stay at their own size.
test_scale = (384, 288)
crop_size = (192, 256)  # (height, width)
train_pipeline = [
    dict(type='xnet_mm.LoadImage'),
    dict(type='xnet_mm.LoadLabels'),
    dict(
        type='RandomResize',
        scale=img_scale,
        ratio_range=(0.5, 1.25),
        keep_ratio=True,
    ),
    dict(type='RandomCrop', crop_size=crop_size, cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PhotoMetricDistortion'),
    dict(type='PackSegInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile', _scope_='xnet_mm'),
    dict(type='Resize', scale=test_scale, keep_ratio=True),
    # After Resize: the metric is computed at the label's own size.
    dict(type='xnet_mm.LoadLabels'),
    dict(type='PackSegInputs'),
]
# Ratios of test_scale: the view of ratio 1 is what the plain test sees.
tta_pipeline = [
    dict(type='xnet_mm.LoadImage'),
    dict(
        type='TestTimeAug',
        transforms=[
            [
                dict(
                    type='Resize',
                    scale=(int(test_scale[0] * r), int(test_scale[1] * r)),
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
    batch_size=4,
    num_workers=2,
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_prefix=dict(
            img_path='images/train', seg_map_path='annotations/train'
        ),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    num_workers=2,
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_prefix=dict(
            img_path='images/val', seg_map_path='annotations/val'
        ),
        pipeline=test_pipeline,
    ),
)
# Figures here are on val. For the test split (233 images):
# --cfg-options test_dataloader.dataset.data_prefix.img_path=images/test
#     test_dataloader.dataset.data_prefix.seg_map_path=annotations/test
test_dataloader = val_dataloader
