# Table 1, xNet-I-22k: RS is multiplied with the image.
_base_ = './rev-pfp_convnext-t_convnext-t-22k_8xb2-160k_ade20k-512x512.py'
model = dict(neck=dict(mix='image'))
