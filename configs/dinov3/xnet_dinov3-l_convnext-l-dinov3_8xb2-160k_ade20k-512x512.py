# The larger decoder, DINOv3's ConvNeXt-L.
_base_ = './xnet_dinov3-l_convnext-b-dinov3_8xb2-160k_ade20k-512x512.py'
model = dict(neck=dict(decoder='convnext_large.dinov3_lvd1689m'))
