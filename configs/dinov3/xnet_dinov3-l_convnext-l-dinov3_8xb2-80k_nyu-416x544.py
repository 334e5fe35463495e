# The larger decoder, DINOv3's ConvNeXt-L.
_base_ = './xnet_dinov3-l_convnext-b-dinov3_8xb2-80k_nyu-416x544.py'
model = dict(neck=dict(decoder='convnext_large.dinov3_lvd1689m'))
