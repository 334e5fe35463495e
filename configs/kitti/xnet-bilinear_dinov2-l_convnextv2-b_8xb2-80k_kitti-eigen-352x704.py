# RS with bilinear up-sampling, all else as in the paper: no blocks in what it
# predicts, fewer parameters. See configs/README.md.
_base_ = './xnet_dinov2-l_convnextv2-b_8xb2-80k_kitti-eigen-352x704.py'
model = dict(
    neck=dict(upsample='bilinear'), decode_head=dict(upsample='bilinear')
)
