# The decoder without pre-training, all else alike: what pre-training is worth.
_base_ = './xnet_effnet-lite0_effnet-lite0_1xb4-2k_hololens-192x256.py'
model = dict(neck=dict(weights=None))
