# The decoder without pre-training.
_base_ = './xnet-i_effnet-lite0_effnet-lite0_1xb4-1k_hololens-192x256.py'
model = dict(neck=dict(weights=None))
