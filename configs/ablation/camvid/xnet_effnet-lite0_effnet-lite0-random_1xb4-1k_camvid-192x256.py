# The decoder without pre-training.
_base_ = './xnet_effnet-lite0_effnet-lite0_1xb4-1k_camvid-192x256.py'
model = dict(neck=dict(weights=None))
