# SegFormer on Cityscapes, as MMSegmentation has it; the paper's Table 8 leaves
# it out. A step has half the images of the other rows, each of twice the size.
_base_ = [
    '../../_base_/models/segformer_mit-b5.py',
    '../../_base_/datasets/cityscapes_1024x1024.py',
    '../../_base_/schedules/schedule_160k_segformer.py',
    '../../_base_/default_runtime.py',
]
crop_size = (1024, 1024)
model = dict(
    data_preprocessor=dict(size=crop_size),
    decode_head=dict(num_classes=19),
    test_cfg=dict(mode='slide', crop_size=crop_size, stride=(768, 768)),
)
train_dataloader = dict(batch_size=1)
auto_scale_lr = dict(base_batch_size=8)
