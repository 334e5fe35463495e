# RS before the mix starts as any layer, not as constant one.
_base_ = './xnet_effnet-lite0_effnet-lite0_1xb4-200_hololens-192x256.py'
model = dict(neck=dict(mix_init='random'))
