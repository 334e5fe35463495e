# KITTI, Eigen split: 23,158 training pairs, 697 test images of which 652 have
# ground truth, to 80 m; crop 352x704, 8 GPUs x 2 images, as BinsFormer has
# it. The layout is in configs/kitti/README.md. XNET_MM_DATA is the folder of
# all data sets.
_base_ = '../loaders/depth.py'
dataset_type = 'xnet_mm.KITTIEigenDataset'
data_root = '{{$XNET_MM_DATA:data}}/kitti'
max_depth = 80.0  # metres, as the class has it
crop_size = (352, 704)  # (height, width)
train_pipeline = [
    dict(type='xnet_mm.LoadImage'),
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
    dict(type='LoadImageFromFile', _scope_='xnet_mm'),
    dict(type='xnet_mm.LoadDepth'),
    dict(type='xnet_mm.KBCrop'),
    dict(type='xnet_mm.PackDepthInputs'),
]
tta_pipeline = [
    dict(type='xnet_mm.LoadImage'),
    dict(type='xnet_mm.KBCrop'),
    {{_base_.flip}},
]
train_dataloader = dict(
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='kitti_eigen_train.txt',
        data_prefix=dict(img_path='input', depth_path='gt_depth'),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='kitti_eigen_test.txt',
        data_prefix=dict(img_path='input', depth_path='gt_depth'),
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader

# kitti_eigen_eigen has the crop of Eigen et al. instead of Garg et al.'s.
val_evaluator = dict(
    type='xnet_mm.DepthProtocolMetric', protocol='kitti_eigen_garg'
)
test_evaluator = val_evaluator
