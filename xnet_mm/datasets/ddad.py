"""DDAD: six cameras around a car, long-range LiDAR as ground truth."""

from collections.abc import Sequence
from typing import Any

from ..registry import DATASETS
from .depth_dataset import DepthDataset

TAIL = 4  # SCENE/rgb/CAMERA_01/TIME.png


@DATASETS.register_module()
class DDADDataset(DepthDataset):
    """DDAD as GEDepth uses it: four of the six cameras, depth to 200 m.

    A line of the split file ends with `SCENE/rgb/CAMERA_01/TIME.png
    SCENE/depth/CAMERA_01/TIME.npz`; what comes before is the folder of some
    other machine and is replaced with `data_root`. Depth is an npz with the
    array `depth`, metres, 1216 x 1936, 0 where no LiDAR point fell, as
    `tools/dataset_converters/ddad.py` writes it. With the default cameras
    there are 50,600 images for training and 15,800 for testing.

    Args:
        cameras: numbers in the cameras' names; lines of others are left out.
        **kwargs: those of `DepthDataset`.

    Source: Guizilini et al., "3D packing for self-supervised monocular depth
    estimation", CVPR 2020; cameras of Yang et al., "GEDepth", ICCV 2023.
    """

    METAINFO = dict(max_depth=200.0)

    def __init__(
        self,
        *,
        cameras: Sequence[str] = ('01', '05', '06', '09'),
        img_suffix: str = '.png',
        depth_suffix: str = '.npz',
        depth_scale: float = 1.0,
        **kwargs: Any,
    ) -> None:
        self.cameras = {f'CAMERA_{number}' for number in cameras}
        super().__init__(
            img_suffix=img_suffix,
            depth_suffix=depth_suffix,
            depth_scale=depth_scale,
            **kwargs,
        )

    def keeps(self, image_name: str) -> bool:
        """Lines of the wanted cameras."""
        return not self.cameras.isdisjoint(image_name.split('/'))

    def local_name(self, name: str) -> str:
        """The part that is the same on every machine."""
        return '/'.join(name.split('/')[-TAIL:])
