"""Predicted depth maps of a test run as files."""

from typing import Any

from mmengine.runner import Runner
from mmengine.structures import BaseDataElement

from ..checks import check_scale
from ..fileio.depth_png import check_range, describe_limit, encode_depth
from ..registry import HOOKS
from .save_hook import SaveHook


@HOOKS.register_module()
class SaveDepthHook(SaveHook):
    """Writes each predicted depth map of a test as 16-bit PNG.

    Args:
        out_dir: Folder of the files; see `SaveHook` for their names.
        depth_scale: File units per metre.
    """

    key = 'pred_depth_map'

    def __init__(self, out_dir: str, depth_scale: float = 1000.0) -> None:
        super().__init__(out_dir)
        self.depth_scale = check_scale(depth_scale, 'depth_scale')
        self._clipped = 0

    def encode(self, sample: BaseDataElement, dataset: Any) -> bytes:
        """The PNG of one sample.

        Raises:
            ValueError: NaN, or a scale that does not fit the data's range.
        """
        max_depth = getattr(dataset, 'metainfo', {}).get('max_depth')
        if max_depth:
            check_range(max_depth, self.depth_scale)
        data, clipped = encode_depth(
            sample.pred_depth_map.data.squeeze(0).cpu().numpy(),
            self.depth_scale,
            sample.img_path,
        )
        self._clipped += clipped
        return data

    def after_test_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """Say what the format could not hold."""
        if self._clipped:
            runner.logger.warning(
                f'{self._clipped} pixels clipped in {self.out_dir}: '
                f'{describe_limit(self.depth_scale)}'
            )
