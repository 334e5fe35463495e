"""Data sets and transforms. Never imports `xnet_mm.models`."""

from ..registry import DATASETS, TRANSFORMS, share_with_mmseg
from .camvid import CamVidDataset
from .folder_dataset import FolderSegDataset
from .scenes import ScenesDataset

__all__ = ['CamVidDataset', 'FolderSegDataset', 'ScenesDataset']

share_with_mmseg(DATASETS)
share_with_mmseg(TRANSFORMS)
