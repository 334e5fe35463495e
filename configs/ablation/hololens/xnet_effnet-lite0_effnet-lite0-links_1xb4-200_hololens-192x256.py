# The encoder's maps added to what the decoder's stages take in.
_base_ = './xnet_effnet-lite0_effnet-lite0_1xb4-200_hololens-192x256.py'
model = dict(backbone=dict(pyramid=True), neck=dict(pyramid_links=True))
