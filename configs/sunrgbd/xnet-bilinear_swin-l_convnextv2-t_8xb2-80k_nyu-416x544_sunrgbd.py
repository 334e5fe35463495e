# RS with bilinear up-sampling, all else as in the paper: no blocks in what it
# predicts, fewer parameters. See configs/README.md.
_base_ = './xnet_swin-l_convnextv2-t_8xb2-80k_nyu-416x544_sunrgbd.py'
model = dict(
    neck=dict(upsample='bilinear'), decode_head=dict(upsample='bilinear')
)
