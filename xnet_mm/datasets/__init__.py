"""Data sets and transforms. Never imports `xnet_mm.models`."""

from ..registry import DATASETS, TRANSFORMS, share_with_mmseg
from .camvid import CamVidDataset
from .depth_dataset import DepthDataset
from .folder_dataset import FolderSegDataset
from .scenes import ScenesDataset
from .transforms import *  # noqa: F403  (registers them)

__all__ = [
    'CamVidDataset',
    'DepthDataset',
    'FolderSegDataset',
    'ScenesDataset',
]

share_with_mmseg(DATASETS)
share_with_mmseg(TRANSFORMS)
