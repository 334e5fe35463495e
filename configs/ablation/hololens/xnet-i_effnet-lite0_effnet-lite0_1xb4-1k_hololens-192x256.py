# xNet-I: RS is multiplied with the image, not with the stem.
_base_ = './xnet_effnet-lite0_effnet-lite0_1xb4-1k_hololens-192x256.py'
model = dict(neck=dict(mix='image'))
