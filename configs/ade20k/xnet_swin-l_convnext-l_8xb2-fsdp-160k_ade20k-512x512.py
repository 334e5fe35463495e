# The same training with weights, gradients and AdamW's states split over the
# GPUs, and bf16: for GPUs with less memory. See README.md for how much.
_base_ = './xnet_swin-l_convnext-l_8xb2-160k_ade20k-512x512.py'
runner_type = 'FlexibleRunner'
strategy = dict(type='xnet_mm.FSDP2Strategy')
optim_wrapper = dict(type='AmpOptimWrapper', dtype='bfloat16')
