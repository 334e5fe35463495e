# RS with bilinear up-sampling, all else as in the paper: no blocks in what it
# predicts, fewer parameters. See configs/README.md.
_base_ = './xnet_swin-l_convnext-b_8xb2-120k_ddad-384x640.py'
model = dict(
    neck=dict(upsample='bilinear'), decode_head=dict(upsample='bilinear')
)
