"""The figures of exported files, by a config's own validation."""

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmseg.models.segmentors import EncoderDecoder
from mmseg.registry import DATASETS
from rich.progress import track

from ..fileio.finite import check_prediction
from ..registry import EVALUATOR
from .exported import ExportedFile

Figures = dict[str, float]


class Validation:
    """The validation data of a config, or without any its test data.

    Args:
        cfg: with a loader and an evaluator, which are built as
            `tools/test.py` builds them.
        limit: images at most, in even steps; None: all.

    Attributes:
        count: images that are predicted.

    Raises:
        ValueError: there are none.
    """

    def __init__(self, cfg: Config, limit: int | None = None) -> None:
        name = next(
            (
                name
                for name in ('val', 'test')
                if cfg.get(f'{name}_dataloader')
                and cfg.get(f'{name}_evaluator')
            ),
            None,
        )
        if name is None:
            raise ValueError(
                'The config has no val_dataloader with a val_evaluator and no '
                'test_dataloader with a test_evaluator: what int8 loses '
                'cannot be measured. Give a config that validates.'
            )
        init_default_scope(cfg.get('default_scope') or 'mmseg')
        self.dataset: Any = DATASETS.build(cfg[f'{name}_dataloader'].dataset)
        self._evaluator = cfg[f'{name}_evaluator']
        images = len(self.dataset)
        if not images:
            raise ValueError(f'{name}_dataloader.dataset has no images')
        self.count = min(limit or images, images)

    def __call__(
        self, files: Mapping[str, ExportedFile], model: EncoderDecoder
    ) -> dict[str, Figures]:
        """Predict each image by each file, with a progress bar.

        Args:
            files: by the name that their figures get.
            model: that they are of; it makes a result of a prediction.

        Returns:
            By file: metric -> value, as `tools/test.py` prints them.

        Raises:
            ValueError: a prediction is not finite.
        """
        evaluators = {name: self._build_evaluator() for name in files}
        steps = np.linspace(0, len(self.dataset) - 1, self.count).round()
        for number in track(steps.astype(int).tolist(), 'Validating'):
            packed = self.dataset[number]
            sample = packed['data_samples']
            for name, file in files.items():
                [result] = model.postprocess_result(
                    file(packed['inputs']), [copy.deepcopy(sample)]
                )
                check_prediction(result, f'{name}, {sample.img_path}')
                evaluators[name].process([result], pseudo_collate([packed]))
        return {
            name: evaluator.evaluate(self.count)
            for name, evaluator in evaluators.items()
        }

    def _build_evaluator(self) -> Any:
        given = copy.deepcopy(self._evaluator)
        if isinstance(given, list) or 'metrics' not in given:
            given = dict(metrics=given)
        given.setdefault('type', 'xnet_mm.LabelledEvaluator')
        evaluator = EVALUATOR.build(given)
        evaluator.dataset_meta = self.dataset.metainfo
        return evaluator
