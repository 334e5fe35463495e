# Table 1, xNet-22k: RS is multiplied with the stem's output instead.
_base_ = './xnet-i_convnext-t_convnext-t-22k_8xb2-160k_ade20k-512x512.py'
model = dict(neck=dict(mix='stem'))
