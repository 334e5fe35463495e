"""Pictures of predictions, of images that OpenCV alone cannot read."""

from collections.abc import Sequence
from os import path as osp
from typing import Any

import numpy as np
from mmengine.runner import Runner
from mmengine.structures import BaseDataElement
from mmseg.engine.hooks import SegVisualizationHook

from ..datasets.channel_io import picture_reader
from ..datasets.wrappers import innermost
from ..registry import HOOKS


@HOOKS.register_module()
class PictureHook(SegVisualizationHook):
    """mmseg's SegVisualizationHook, with the image as the pipeline shows it.

    The stock hook decodes files by OpenCV, which has no picture for twelve
    channels and a dark one for 14 bits. This one asks the loader: three
    channels of `LoadMultiChannelImage`, for others `fileio.images`. In
    validation the first sample of every `interval`-th batch is drawn, in
    tests each one. Options: mmseg's own.
    """

    num_drawn = 0  # in tests

    def after_val_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Sequence[BaseDataElement] | None = None,
    ) -> None:
        """Draw the first sample."""
        step = runner.iter + batch_idx
        if self.draw and outputs and step % self.interval == 0:
            dataset = runner.val_dataloader.dataset
            self._draw(dataset, 'val', outputs[0], step)

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Sequence[BaseDataElement] | None = None,
    ) -> None:
        """Draw every sample."""
        for sample in (outputs or ()) if self.draw else ():
            self.num_drawn += 1
            dataset = runner.test_dataloader.dataset
            self._draw(dataset, 'test', sample, self.num_drawn)

    def _draw(self, dataset: Any, mode: str, sample: Any, step: int) -> None:
        path = sample.img_path
        transforms = next(
            (
                part.pipeline.transforms
                for part in innermost(dataset)
                if hasattr(part, 'pipeline')
            ),
            (),
        )
        image = picture_reader(transforms)(path)
        self._visualizer.add_datasample(
            f'{mode}_{osp.basename(path)}',
            np.ascontiguousarray(image[..., ::-1]),
            data_sample=sample,
            show=self.show,
            wait_time=self.wait_time,
            step=step,
        )
