"""KITTI: a car's cameras, with accumulated LiDAR as ground truth."""

from typing import Any

from ..registry import DATASETS
from .depth_dataset import DepthDataset


class _KITTIDataset(DepthDataset):
    """What both splits share: 16-bit PNG, 256 steps a metre, to 80 m."""

    METAINFO = dict(max_depth=80.0)

    def __init__(
        self,
        *,
        img_suffix: str = '.png',
        depth_scale: float = 256.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            img_suffix=img_suffix, depth_scale=depth_scale, **kwargs
        )


@DATASETS.register_module()
class KITTIEigenDataset(_KITTIDataset):
    """KITTI in the split of Eigen et al., as BTS and BinsFormer list it.

    A line is `DATE/DRIVE/image_02/data/N.png
    DRIVE/proj_depth/groundtruth/image_02/N.png FOCAL`: 23,158 for training,
    697 for testing, of which 45 have `None` instead of a depth map. At test
    these are predicted and do not count, so 652 are scored; training leaves
    such lines out.

    Source: Geiger et al., "Vision meets robotics", IJRR 2013; Uhrig et al.,
    "Sparsity invariant CNNs", 3DV 2017; the split is that of Eigen et al.,
    "Depth map prediction from a single image", NeurIPS 2014.
    """

    drops_unlabelled = True


@DATASETS.register_module()
class KITTIOfficialDataset(_KITTIDataset):
    """KITTI's own depth prediction benchmark.

    Training has a split file with the lines of `KITTIEigenDataset`. The
    validation and the test images of `depth_selection` need none, but may
    have one with an image a line::

        val = dict(
            data_root='data/kitti/depth_selection/val_selection_cropped',
            data_prefix=dict(
                img_path='image', depth_path='groundtruth_depth'
            ),
        )
        test = dict(
            data_root='data/kitti/depth_selection/'
            'test_depth_prediction_anonymous',
            data_prefix=dict(img_path='image'),
            test_mode=True,
        )

    The 1,000 validation images `..._sync_image_N_image_02.png` have their
    depth in `..._sync_groundtruth_depth_N_image_02.png`; the 500 test images
    have no public ground truth. All are cropped to 352x1216 already.

    Source: Uhrig et al., "Sparsity invariant CNNs", 3DV 2017.
    """

    def depth_stem(self, stem: str) -> str:
        """As `depth_selection` names depth maps and their folder."""
        return truth_of_selection(
            stem.replace('/image/', '/groundtruth_depth/')
        )


def truth_of_selection(image_name: str) -> str:
    """The depth map's name for an image's in `depth_selection`."""
    return image_name.replace('_sync_image_', '_sync_groundtruth_depth_')
