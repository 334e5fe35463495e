"""Data sets and transforms. Never imports `xnet_mm.models`."""

from ..registry import DATASETS, TRANSFORMS, share_with_mmseg
from .camvid import CamVidDataset
from .folder_dataset import FolderSegDataset

__all__ = ['CamVidDataset', 'FolderSegDataset']

share_with_mmseg(DATASETS)
share_with_mmseg(TRANSFORMS)
