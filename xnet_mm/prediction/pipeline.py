"""The pipeline of the test data, for images that are no data set."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmcv.transforms import LoadAnnotations, LoadImageFromFile
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.logging import print_log

from ..datasets.channel_io import picture_reader
from ..datasets.transforms import (
    LoadDepth,
    LoadImage,
    LoadMultiChannelImage,
)


class PlainPipeline:
    """What `tools/test.py` does to an image, without its ground truth.

    Args:
        cfg: of the model; the pipeline is that of its test data set, within
            wrappers too, and only where there is none its `test_pipeline`.
        resize: False leaves out its steps that change the image's scale.

    Attributes:
        transforms: of an image that was read already, in order.
        takes_arrays: whether npy and npz files are images.

    Raises:
        ValueError: no pipeline, or several that differ.
    """

    def __init__(self, cfg: Config, resize: bool = True) -> None:
        loader, *steps = without_truth(image_steps(cfg))
        steps = [step for step in steps if resize or not _resizes(step)]
        self._array_problem = ''
        kind = class_of(loader)
        options = dict(loader)
        del options['type']
        as_array: dict[str, Any] = dict(type='LoadImageFromNDArray')
        if options.pop('to_float32', False):
            as_array['to_float32'] = True
        # Our own reader's pixels come as they are; other loaders read files.
        self._reads_files = kind is not LoadImage
        self.takes_arrays = kind is LoadMultiChannelImage
        if self._reads_files and (
            kind is not LoadImageFromFile
            or options.get('color_type', 'color') != 'color'
            or options.get('imdecode_backend', 'cv2') != 'cv2'
        ):
            self._array_problem = (
                f'the test pipeline loads images by {dict(loader)}, which '
                'reads files: frames of a video cannot be loaded so'
            )
        steps = [OptionalLoader(s) if _is_loader(s) else s for s in steps]
        self._of_array = Compose([as_array, *steps])
        self._of_file = Compose([loader, *steps])
        self.transforms = self._of_array.transforms
        self._picture = picture_reader(self._of_file.transforms)

    def picture(self, file: Path) -> np.ndarray:
        """What people are shown of a file, (H, W, 3) uint8 BGR.

        Raises:
            FileNotFoundError or ValueError: it cannot be read.
        """
        try:
            return self._picture(file)
        except ValueError:
            if not self._reads_files or self.takes_arrays:
                raise
        # A loader of other people's, which may read more than pictures.
        return LoadMultiChannelImage().picture(file)

    def channels(self, file: Path) -> np.ndarray:
        """All channels of a file, (H, W, N), where `takes_arrays`.

        Raises:
            FileNotFoundError or ValueError: it cannot be read.
        """
        loader = self._of_file.transforms[0]
        return loader(dict(img_path=str(file), seg_fields=[]))['img']

    def shown(self, image: np.ndarray) -> np.ndarray:
        """What people are shown of an array, (H, W, 3) uint8 BGR.

        Args:
            image: (H, W, N), as `LoadMultiChannelImage` gives it.

        Raises:
            ValueError: it has too few channels.
        """
        return self._of_file.transforms[0].picture_of(image, 'the array')

    def __call__(self, image: np.ndarray, file: Path | None = None) -> dict:
        """`inputs` and `data_samples` of an image.

        Args:
            image: (H, W, 3) uint8 BGR, as `read_image` gives it; without a
                file also (H, W, N), as `LoadMultiChannelImage` does where
                the pipeline has it.
            file: that it was read from. Where the pipeline does not load by
                `xnet_mm.LoadImage`, it loads this file in its own way.

        Raises:
            ValueError: no file, and the pipeline's loader wants one.
        """
        if self._reads_files and file is not None:
            return self._of_file(dict(img_path=str(file), seg_fields=[]))
        # Three channels may be those of a video, B, G, R.
        is_read = self.takes_arrays and image.ndim == 3 != image.shape[2]
        if self._array_problem and not is_read:
            raise ValueError(self._array_problem)
        return self._of_array(dict(img=image, seg_fields=[]))


class OptionalLoader:
    """A loader whose name does not say that it loads ground truth.

    It runs as in a test, unless it wants what a plain image has not.

    Args:
        step: its config.
    """

    def __init__(self, step: dict) -> None:
        self.name = step['type']
        self.transform = Compose([step])
        self.is_left_out = False

    def __call__(self, results: dict) -> dict:
        """Run, or from the first failure on do nothing."""
        if self.is_left_out:
            return results
        try:
            return self.transform(dict(results))
        except KeyError as error:
            self.is_left_out = True
            print_log(
                f'{self.name} of the test pipeline is left out: it wants '
                f'{error}, which a plain image has not.',
                logger='current',
                level=logging.WARNING,
            )
            return results


def image_steps(cfg: Config) -> list[dict]:
    """The one pipeline that the test data come by."""
    dataset = (cfg.get('test_dataloader') or {}).get('dataset')
    if not dataset:
        steps = cfg.get('test_pipeline')
        if not steps:
            raise ValueError(
                'the config has neither test_dataloader.dataset.pipeline nor '
                'test_pipeline: nothing says how images are prepared'
            )
        return steps
    pipelines = _pipelines(dataset)
    if not pipelines:
        raise ValueError('test_dataloader.dataset has no pipeline, wanted one')
    plain = [without_truth(steps) for steps in pipelines]
    if any(steps != plain[0] for steps in plain):
        raise ValueError(
            f'test_dataloader.dataset has {len(pipelines)} pipelines that '
            'differ, wanted one: which of them prepares an image is not '
            'known. Give a config that tests on one of its data sets'
        )
    return pipelines[0]


def _pipelines(dataset: dict) -> list[list[dict]]:
    """Of a data set, or of those that it wraps."""
    parts = dataset.get('datasets') or [
        part for part in [dataset.get('dataset')] if part
    ]
    found = [steps for part in parts for steps in _pipelines(part)]
    own = dataset.get('pipeline')
    if found and own:
        raise ValueError(
            f'test_dataloader.dataset: {dataset.get("type")} has a pipeline '
            'beside that of the data it wraps, wanted one'
        )
    return found or ([list(own)] if own else [])


def without_truth(steps: Sequence[dict]) -> list[Any]:
    """Without what loads ground truth; the first step loads the image."""
    return [*steps[:1], *(s for s in steps[1:] if not loads_truth(s))]


def class_of(step: dict) -> type | None:
    """The transform of a `type`, which may be the class itself."""
    if not isinstance(step['type'], str):
        return step['type']
    from mmseg.registry import TRANSFORMS

    scope = step.get('_scope_', 'mmseg')
    with TRANSFORMS.switch_scope_and_registry(scope) as registry:
        return registry.get(step['type'])


def _name(step: dict) -> str:
    kind = step['type']
    name = kind if isinstance(kind, str) else kind.__name__
    return name.split('.')[-1]


def _resizes(step: dict) -> bool:
    """By its name; to a multiple of the stride is no other scale."""
    name = _name(step)
    return 'Resize' in name and 'Multiple' not in name


def _is_loader(step: dict) -> bool:
    return _name(step).startswith('Load')


def loads_truth(step: dict) -> bool:
    """By its class, or by its name as MMSegmentation's own have it."""
    kind = class_of(step)
    if kind and issubclass(kind, LoadAnnotations | LoadDepth):
        return True
    return _is_loader(step) and 'Annotation' in _name(step)
