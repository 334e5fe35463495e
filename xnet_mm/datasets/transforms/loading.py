"""Reading a sample's depth map."""

from mmcv.transforms import BaseTransform

from ...registry import TRANSFORMS
from ..depth_check import check_size
from ..depth_io import read_depth_of


@TRANSFORMS.register_module()
class LoadDepth(BaseTransform):
    """Add the ground truth in metres, as `depth_io.read_depth` reads it.

    Reads `depth_map_path` (None: no ground truth, and nothing is added),
    `depth_scale`, `depth_encoding` and `invalid_values`; adds
    `gt_depth_map`, (H, W) float32 with 0 = no ground truth, and lists it in
    `seg_fields`.

    The map has the size of the image file. After a resize, as test
    pipelines have it, it keeps that size; after a crop that left `crop_box`
    it is cropped likewise.

    Raises:
        FileNotFoundError or ValueError: the file is missing, unreadable,
            8-bit or of another size than the image.
    """

    def transform(self, results: dict) -> dict:
        """Read the map, if the sample has one."""
        path = results.get('depth_map_path')
        if path is None:
            return results
        depth = read_depth_of(results)
        if 'crop_box' in results:
            top, left, height, width = results['crop_box']
            depth = depth[top : top + height, left : left + width]
        shape = tuple(results['ori_shape'][:2])
        check_size(depth, path, shape, results['img_path'])
        results['gt_depth_map'] = depth
        fields = results.setdefault('seg_fields', [])
        if 'gt_depth_map' not in fields:
            fields.append('gt_depth_map')
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}()'
