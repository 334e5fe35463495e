"""Data sets and transforms. Never imports `xnet_mm.models`."""

from mmseg.datasets.transforms import LoadImageFromNDArray

from ..registry import DATASETS, TRANSFORMS, share_with_mmseg
from .camvid import CamVidDataset
from .ddad import DDADDataset
from .depth_dataset import DepthDataset
from .folder_dataset import FolderSegDataset
from .kitti import KITTIEigenDataset, KITTIOfficialDataset
from .nyu import NYUDepthV2Dataset
from .scenes.dataset import ScenesDataset, ScenesDepthDataset
from .sunrgbd import SUNRGBDDataset
from .transforms import *  # noqa: F403  (registers them)
from .transforms import LoadFileOrArray, LoadImage

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
    'ScenesDepthDataset',
]

share_with_mmseg(DATASETS)
share_with_mmseg(TRANSFORMS)

# Clients look for a pipeline's reader by these names. With `_scope_='xnet_mm'`
# beside them ours are built; without, MMSegmentation's, as ever.
for name, loader in (
    ('LoadImageFromFile', LoadImage),
    ('LoadImageFromNDArray', LoadImageFromNDArray),
    ('InferencerLoader', LoadFileOrArray),
):
    TRANSFORMS.register_module(name, module=loader)
