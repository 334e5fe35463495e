# Table 1, xNet-I-0: the decoder without pre-training.
_base_ = './xnet-i_convnext-t_convnext-t-1k_8xb2-160k_ade20k-512x512.py'
model = dict(neck=dict(weights=None))
