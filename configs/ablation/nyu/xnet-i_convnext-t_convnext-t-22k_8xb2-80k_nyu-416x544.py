# Table 1, xNet-I-22k: RS is multiplied with the image.
_base_ = './rev-pfp_convnext-t_convnext-t-22k_8xb2-80k_nyu-416x544.py'
model = dict(neck=dict(mix='image'))
