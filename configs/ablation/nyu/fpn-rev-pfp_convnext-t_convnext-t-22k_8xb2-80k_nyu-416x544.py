# Table 1, +PFP: prediction from all four maps.
_base_ = './fpn-rev_convnext-t_convnext-t-22k_8xb2-80k_nyu-416x544.py'
model = dict(decode_head=dict(in_index=None))
