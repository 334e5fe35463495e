"""What a model cannot run on, said before it runs."""

from typing import Any

from mmengine.hooks import Hook
from mmengine.model import ImgDataPreprocessor
from mmengine.runner import Runner
from torch import Tensor, nn

from ..models.arguments import CHANNELS, CHANNELS_HELP, check_windows
from ..registry import HOOKS

LOADING_HELP = (
    "Load with color_type='color' (the default of LoadImageFromFile), which "
    'makes three channels of grey and of RGBA images.'
)


@HOOKS.register_module()
class ModelCheckHook(Hook):
    """Stops a run whose model cannot work as the config wants it to.

    A sliding window that leaves pixels out is refused, MMSegmentation's too,
    and so are images of other than three channels.
    """

    def before_run(self, runner: Runner) -> None:
        """Look at the sliding window.

        Raises:
            ValueError: see `check_windows`.
        """
        for module in runner.model.modules():
            if hasattr(module, 'slide_inference'):
                check_windows(getattr(module, 'test_cfg', None))

    def before_train(self, runner: Runner) -> None:
        """Look at how images are loaded."""
        check_loading(runner.train_dataloader.dataset)

    def before_val(self, runner: Runner) -> None:
        """Look at how images are loaded."""
        check_loading(runner.val_dataloader.dataset)

    def before_test(self, runner: Runner) -> None:
        """Look at how images are loaded."""
        check_loading(runner.test_dataloader.dataset)

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Count the images' channels."""
        check_channels(runner.model, data_batch)

    def before_val_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Count the images' channels."""
        check_channels(runner.model, data_batch)

    def before_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Count the images' channels."""
        check_channels(runner.model, data_batch)


def check_loading(dataset: Any) -> None:
    """Refuse a pipeline that loads images of one channel.

    Raises:
        ValueError: with the transform and what to do.
    """
    for part in getattr(dataset, 'datasets', ()):
        check_loading(part)
    pipeline = getattr(dataset, 'pipeline', None)
    for transform in getattr(pipeline, 'transforms', ()):
        colours = str(getattr(transform, 'color_type', ''))
        if colours.startswith('grayscale'):
            raise ValueError(
                f'{type(transform).__name__} has color_type={colours!r}, '
                f'which gives (H,W) arrays; {CHANNELS_HELP}. {LOADING_HELP}'
            )


def check_channels(model: nn.Module, data_batch: Any) -> None:
    """Refuse images of other than three channels.

    Args:
        model: as the runner has it; one whose preprocessor has no means of
            three channels is left alone.
        data_batch: as the loader gives it: `inputs` are images (C,H,W), or
            lists of them (test-time augmentation).

    Raises:
        ValueError: with the channels, the shape and the image's name.
    """
    if not isinstance(data_batch, dict):
        return
    means = (
        getattr(module, 'mean', None)
        for module in model.modules()
        if isinstance(module, ImgDataPreprocessor)
    )
    if not any(isinstance(m, Tensor) and m.numel() == CHANNELS for m in means):
        return  # a model of another kind, or one that says so itself
    images, samples = data_batch.get('inputs'), data_batch.get('data_samples')
    while isinstance(images, list | tuple) and images:
        images, samples = images[0], samples[0] if samples else None
    if not isinstance(images, Tensor) or images.ndim < 3:
        return
    found = images.shape[-3]
    if found != CHANNELS:
        name = getattr(samples, 'metainfo', {}).get('img_path', 'an image')
        raise ValueError(
            f'{name} was loaded as {found} channels (shape '
            f'{tuple(images.shape)}); {CHANNELS_HELP}. {LOADING_HELP}'
        )
