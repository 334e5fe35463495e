# RS with bilinear up-sampling, all else as in the paper: no blocks in what it
# predicts, fewer parameters. See configs/README.md.
_base_ = './xnet_swin-l_convnext-l_8xb2-160k_cityscapes-512x1024.py'
model = dict(
    neck=dict(upsample='bilinear'), decode_head=dict(upsample='bilinear')
)
