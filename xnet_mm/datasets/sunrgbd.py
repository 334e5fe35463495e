"""SUN RGB-D: rooms seen by four kinds of depth cameras."""

from typing import Any

from ..registry import DATASETS
from .depth_dataset import DepthDataset
from .depth_io import Encoding


@DATASETS.register_module()
class SUNRGBDDataset(DepthDataset):
    """The 5,050 test images of SUN RGB-D, for models trained on NYU.

    A line of the split file is `SUNRGBD/kv2/.../image/X.jpg
    SUNRGBD/kv2/.../depth/X.png`; the raw depth (`depth`, not `depth_bfx`) is
    16-bit PNG in millimetres, turned left by three bits. Sizes differ. The
    protocol's 8 m are the metric's, and so is leaving out the images that
    come from NYU-Depth-V2 (`sun_rgbd_without_nyu`).

    Args: those of `DepthDataset`.

    Source: Song et al., "SUN RGB-D: a RGB-D scene understanding benchmark
    suite", CVPR 2015; list of BinsFormer's code.
    """

    METAINFO = dict(max_depth=10.0)

    def __init__(
        self, *, depth_encoding: Encoding = 'rotate3', **kwargs: Any
    ) -> None:
        super().__init__(depth_encoding=depth_encoding, **kwargs)
