# Table 1, xNet-I-1k: the decoder pre-trained on ImageNet-1k.
_base_ = './xnet-i_convnext-t_convnext-t-22k_8xb2-160k_ade20k-512x512.py'
model = dict(neck=dict(decoder='convnext_tiny.fb_in1k'))
