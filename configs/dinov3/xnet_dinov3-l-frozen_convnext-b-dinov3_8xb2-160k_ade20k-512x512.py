# The encoder stays as it came: decoder and head alone learn.
_base_ = './xnet_dinov3-l_convnext-b-dinov3_8xb2-160k_ade20k-512x512.py'
model = dict(backbone=dict(frozen=True))
