# Real rooms, half an hour on two cores.
_base_ = [
    '../_base_/models/xnet-depth_effnet-lite0_effnet-lite0.py',
    '../_base_/datasets/hololens.py',
    '../_base_/schedules/schedule_2k.py',
    '../_base_/depth_runtime.py',
]
crop_size = (192, 256)
model = dict(data_preprocessor=dict(size=crop_size))
default_hooks = dict(checkpoint=dict(save_best='abs_rel', rule='less'))
