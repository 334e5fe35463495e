"""Predictions of a test run as files, no two of one name."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmengine.structures import BaseDataElement

from ..datasets.wrappers import innermost
from ..fileio.atomic import write_atomically
from ..fileio.output_names import common_folder, output_names


class SaveHook(Hook):
    """Writes a PNG for each image of a test; subclasses say what is in it.

    A file is called like its image, with the folders below the data set's
    image folder. Where a data set holds others, it is the folder above the
    image folders of all. A suffix that tells two images apart stays. All
    names are known before the test, so they are the same in every process
    and with every batch; several processes need a common file system.

    Args:
        out_dir: Folder of the files.
    """

    key = ''  # of the prediction in a sample

    def __init__(self, out_dir: str) -> None:
        self.out_dir = Path(out_dir)
        self._names: dict[Path, Path] = {}
        self._parts: dict[str, Any] = {}

    def before_test(self, runner: Runner) -> None:
        """Name the outputs of all images."""
        parts = innermost(runner.test_dataloader.dataset)
        self._parts = {
            part.get_data_info(i)['img_path']: part
            for part in parts
            for i in range(len(part))
        }
        roots = [
            getattr(part, 'data_prefix', {}).get('img_path') or '.'
            for part in parts
        ]
        self._names = output_names(self._parts, common_folder(roots))

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence[BaseDataElement] = (),
    ) -> None:
        """Write the files of one batch.

        Raises:
            ValueError: the model predicts something else.
        """
        for sample in outputs:
            if self.key not in sample:
                raise ValueError(
                    f'{type(self).__name__} needs `{self.key}`, the model '
                    f'predicts {sorted(sample.keys())}. Leave --out away.'
                )
            path = sample.img_path
            data = self.encode(sample, self._parts[path])
            target = self.out_dir / f'{self._names[Path(path)]}.png'
            write_atomically(target, data)

    def encode(self, sample: BaseDataElement, dataset: Any) -> bytes:
        """The PNG of one sample of `dataset`."""
        raise NotImplementedError
