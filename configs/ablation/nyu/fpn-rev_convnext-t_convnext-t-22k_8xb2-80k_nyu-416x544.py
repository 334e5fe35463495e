# Table 1, +22k: the decoder pre-trained on ImageNet-22k.
_base_ = './fpn-rev_convnext-t_convnext-t-0_8xb2-80k_nyu-416x544.py'
model = dict(neck=dict(weights='timm'))
