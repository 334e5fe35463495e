# Table 7's SegFormer.
_base_ = [
    '../../_base_/models/segformer_mit-b5.py',
    '../../_base_/datasets/ade20k.py',
    '../../_base_/schedules/schedule_160k_segformer.py',
    '../../_base_/default_runtime.py',
]
crop_size = (512, 512)
model = dict(
    data_preprocessor=dict(size=crop_size),
    decode_head=dict(num_classes=150),
)
