# MMSegmentation has no UPerNet of this encoder on Cityscapes: this is our
# derivation, its ADE20K recipe on the data, crop and whole-image test of xNet.
_base_ = [
    '../../_base_/models/upernet_convnext-xl.py',
    '../../_base_/datasets/cityscapes.py',
    '../../_base_/schedules/schedule_160k_convnext.py',
    '../../_base_/default_runtime.py',
]
crop_size = (512, 1024)
model = dict(
    data_preprocessor=dict(size=crop_size),
    decode_head=dict(num_classes=19),
    auxiliary_head=dict(num_classes=19),
)
optim_wrapper = dict(optimizer=dict(lr=8e-5))
