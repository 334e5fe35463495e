"""NYU-Depth-V2: Kinect video of rooms."""

from collections.abc import Sequence
from typing import Any

from ..registry import DATASETS
from .depth_dataset import DepthDataset

# Of the colour camera, from the authors' toolbox (camera_params.m).
INTRINSICS = (518.8579, 519.4696, 325.5824, 253.7362)


@DATASETS.register_module()
class NYUDepthV2Dataset(DepthDataset):
    """NYU-Depth-V2 in the lists and files of BTS and BinsFormer.

    24,231 training pairs and 654 test pairs of 640x480, depth to 10 m as
    16-bit PNG in millimetres. A line is `/scene/rgb_00000.jpg
    /scene/sync_depth_00000.png 518.8579`. `data_prefix` says where the
    scenes are: all in `data_root` (BinsFormer), or in `sync` and
    `official_splits/test` (BTS).

    Source: Silberman et al., "Indoor segmentation and support inference from
    RGBD images", ECCV 2012; lists of Lee et al., "From big to small", 2019.
    """

    METAINFO = dict(max_depth=10.0)

    def __init__(
        self,
        *,
        intrinsics: Sequence[float] | str | None = INTRINSICS,
        **kwargs: Any,
    ) -> None:
        super().__init__(intrinsics=intrinsics, **kwargs)
