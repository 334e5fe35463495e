# Table 1, xNet-I-0: the decoder without pre-training.
_base_ = './xnet-i_convnext-t_convnext-t-1k_8xb2-80k_nyu-416x544.py'
model = dict(neck=dict(weights=None))
