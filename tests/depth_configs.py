"""The depth configs of the paper's tables and of the small pairs."""

from config_files import BASES, CONFIGS, LEAVES, chain

NYU_SWIN = 'nyu/xnet_swin-l_convnextv2-t_8xb2-80k_nyu-416x544.py'
NYU_DINO = 'nyu/xnet_dinov2-l_convnextv2-b_8xb2-80k_nyu-416x544.py'
EIGEN_SWIN = 'kitti/xnet_swin-l_convnext-b_8xb2-80k_kitti-eigen-352x704.py'
EIGEN_DINO = 'kitti/xnet_dinov2-l_convnextv2-b_8xb2-80k_kitti-eigen-352x704.py'
OFFICIAL = (
    'kitti/xnet_dinov2-l_convnextv2-b_8xb2-80k_kitti-official-352x704.py'
)
SUN = 'sunrgbd/xnet_swin-l_convnextv2-t_8xb2-80k_nyu-416x544_sunrgbd.py'
DDAD = 'ddad/xnet_swin-l_convnext-b_8xb2-120k_ddad-384x640.py'
PAPER = [NYU_SWIN, NYU_DINO, EIGEN_SWIN, EIGEN_DINO, OFFICIAL, SUN, DDAD]
# Every leaf for depth.
ALL = [
    leaf.relative_to(CONFIGS).as_posix()
    for leaf in LEAVES
    if BASES / 'depth_runtime.py' in chain(leaf)
]
