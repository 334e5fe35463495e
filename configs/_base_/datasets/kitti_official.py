# KITTI's own depth prediction benchmark: the annotated drives for training,
# 1,000 selected images for validation, 500 without public ground truth for
# the server, cropped already. Range, crop and augmentation are those of the
# Eigen split. The layout is in configs/kitti/README.md.
_base_ = './kitti_eigen.py'
dataset_type = 'xnet_mm.KITTIOfficialDataset'
data_root = {{_base_.data_root}}
train_dataloader = dict(
    dataset=dict(type=dataset_type, ann_file='kitti_official_train.txt')
)
val_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type=dataset_type,
        data_root=data_root,
        data_prefix=dict(
            img_path='depth_selection/val_selection_cropped/image',
            depth_path='depth_selection/val_selection_cropped/'
            'groundtruth_depth',
        ),
        pipeline={{_base_.test_pipeline}},
        test_mode=True,
    ),
)
test_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type=dataset_type,
        data_root=data_root,
        data_prefix=dict(
            img_path='depth_selection/test_depth_prediction_anonymous/image'
        ),
        pipeline={{_base_.test_pipeline}},
        test_mode=True,
    ),
)

val_evaluator = dict(protocol='kitti_official')
test_evaluator = dict(
    _delete_=True,
    type='xnet_mm.KITTISubmission',
    output_dir='work_dirs/kitti_submission',
)
