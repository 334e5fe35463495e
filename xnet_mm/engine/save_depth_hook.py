"""Predicted depth maps of a test run as files."""

from collections.abc import Sequence
from pathlib import Path

from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmengine.structures import BaseDataElement

from ..checks import check_scale
from ..fileio.atomic import write_atomically
from ..fileio.depth_png import describe_limit, encode_depth
from ..registry import HOOKS


@HOOKS.register_module()
class SaveDepthHook(Hook):
    """Writes each predicted depth map of a test as 16-bit PNG.

    A file is called like its image, with the folders below the data set's
    image folder, so that equal names of two drives stay apart. Several
    processes need a common file system.

    Args:
        out_dir: Folder of the files.
        depth_scale: File units per metre.
    """

    def __init__(self, out_dir: str, depth_scale: float = 1000.0) -> None:
        self.out_dir = Path(out_dir)
        self.depth_scale = check_scale(depth_scale, 'depth_scale')
        self._clipped = 0

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence[BaseDataElement] = (),
    ) -> None:
        """Write the maps of one batch.

        Raises:
            ValueError: the model predicts no depth, or NaN.
        """
        prefix = getattr(runner.test_dataloader.dataset, 'data_prefix', {})
        root = Path(prefix.get('img_path') or '.')
        for sample in outputs:
            if 'pred_depth_map' not in sample:
                raise ValueError(
                    'SaveDepthHook needs `pred_depth_map`, the model '
                    f'predicts {sorted(sample.keys())}. Leave --out away.'
                )
            data, clipped = encode_depth(
                sample.pred_depth_map.data.squeeze(0).cpu().numpy(),
                self.depth_scale,
                sample.img_path,
            )
            self._clipped += clipped
            image = Path(sample.img_path)
            below = image.is_relative_to(root)
            name = image.relative_to(root) if below else Path(image.name)
            target = (self.out_dir / name).with_suffix('.png')
            write_atomically(target, data)

    def after_test_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """Say what the format could not hold."""
        if self._clipped:
            runner.logger.warning(
                f'{self._clipped} pixels clipped in {self.out_dir}: '
                f'{describe_limit(self.depth_scale)}'
            )
