# Table 1, +22k: the decoder pre-trained on ImageNet-22k.
_base_ = './fpn-rev_convnext-t_convnext-t-0_8xb2-160k_ade20k-512x512.py'
model = dict(neck=dict(weights='timm'))
