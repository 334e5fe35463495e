# Table 1, -FP: no links from the encoder to the decoder.
_base_ = './fpn-rev-pfp_convnext-t_convnext-t-22k_8xb2-80k_nyu-416x544.py'
model = dict(backbone=dict(pyramid=False), neck=dict(pyramid_links=False))
