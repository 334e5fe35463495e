"""The configs of the peers, as paths below configs/baselines/."""

from config_files import CONFIGS
from mmengine.config import Config

BASELINES = CONFIGS / 'baselines'
LEAVES = sorted(str(p.relative_to(BASELINES)) for p in BASELINES.rglob('*.py'))
ADE_SWIN = 'ade20k/upernet_swin-l_8xb2-160k_ade20k-512x512.py'
ADE_NEXT = 'ade20k/upernet_convnext-l_8xb2-160k_ade20k-640x640.py'
ADE_NEXT_XL = 'ade20k/upernet_convnext-xl_8xb2-160k_ade20k-640x640.py'
ADE_M2F = 'ade20k/mask2former_swin-l_8xb2-160k_ade20k-640x640.py'
ADE_SEGFORMER = 'ade20k/segformer_mit-b5_8xb2-160k_ade20k-512x512.py'
CITY_M2F = 'cityscapes/mask2former_swin-l_8xb2-90k_cityscapes-512x1024.py'
CITY_SEGFORMER = (
    'cityscapes/segformer_mit-b5_8xb1-160k_cityscapes-1024x1024.py'
)
CITY = '8xb2-160k_cityscapes-512x1024.py'  # of UPerNet, and ours
FOLDERS = ('nyu', 'kitti', 'camvid', 'hololens')
ON_OUR_ENCODER = [x for x in LEAVES if x.startswith(FOLDERS)]


def load_baseline(leaf: str) -> Config:
    """A peer's config."""
    return Config.fromfile(BASELINES / leaf)
