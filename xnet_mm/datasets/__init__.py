"""Data sets and transforms. Never imports `xnet_mm.models`."""

from ..registry import DATASETS, TRANSFORMS, share_with_mmseg
from .camvid import CamVidDataset
from .ddad import DDADDataset
from .depth_dataset import DepthDataset
from .folder_dataset import FolderSegDataset
from .kitti import KITTIEigenDataset, KITTIOfficialDataset
from .nyu import NYUDepthV2Dataset
from .scenes.dataset import ScenesDataset
from .sunrgbd import SUNRGBDDataset
from .transforms import *  # noqa: F403  (registers them)

__all__ = [
    'CamVidDataset',
    'DDADDataset',
    'DepthDataset',
    'FolderSegDataset',
    'KITTIEigenDataset',
    'KITTIOfficialDataset',
    'NYUDepthV2Dataset',
    'SUNRGBDDataset',
    'ScenesDataset',
]

share_with_mmseg(DATASETS)
share_with_mmseg(TRANSFORMS)
