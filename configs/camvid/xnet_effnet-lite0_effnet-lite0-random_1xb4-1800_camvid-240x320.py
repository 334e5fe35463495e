# The decoder without pre-training, all else alike: what pre-training is worth.
_base_ = './xnet_effnet-lite0_effnet-lite0_1xb4-1800_camvid-240x320.py'
model = dict(neck=dict(weights=None))
