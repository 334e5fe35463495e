# Table 1, +PFP: prediction from all four maps.
_base_ = './fpn-rev_convnext-t_convnext-t-22k_8xb2-160k_ade20k-512x512.py'
model = dict(decode_head=dict(in_index=None))
