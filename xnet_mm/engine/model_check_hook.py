"""What a model cannot run on, said before it runs."""

from typing import Any

from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.model import ImgDataPreprocessor
from mmengine.runner import Runner
from torch import Tensor, nn

from ..models import PretrainedEncoder
from ..models.arguments import CHANNELS, CHANNELS_HELP, check_windows
from ..registry import HOOKS, MODELS
from .endless import check_epochs_end, check_evaluation_ends

LOADING_HELP = (
    "Load with color_type='color' (the default of LoadImageFromFile), which "
    'makes three channels of grey and of RGBA images.'
)


@HOOKS.register_module()
class ModelCheckHook(Hook):
    """Stops a run whose model cannot work as the config wants it to.

    A sliding window that leaves pixels out is refused, MMSegmentation's too,
    and so are images of other than three channels. So are loaders that never
    end, where epochs or evaluations wait for their end.
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
        """Look at how images are loaded, and whether the loaders end."""
        check_epochs_end(runner.train_loop, runner.train_dataloader)
        if runner.val_loop is not None:  # not first after hours of training
            check_evaluation_ends(runner.val_loop.dataloader, 'val')
        check_loading(runner.train_dataloader.dataset)

    def before_val(self, runner: Runner) -> None:
        """Look at how images are loaded, and whether the loader ends."""
        check_evaluation_ends(runner.val_dataloader, 'val')
        check_loading(runner.val_dataloader.dataset)

    def before_test(self, runner: Runner) -> None:
        """Look at how images are loaded, and whether the loader ends."""
        check_evaluation_ends(runner.test_dataloader, 'test')
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


def check_layer_decay(cfg: Config) -> None:
    """Refuse learning rates by layer, which know no encoder of ours.

    MMSegmentation's and MMPretrain's constructors go by the names of their
    own backbones' layers.

    Raises:
        ValueError: with the constructor and what works instead.
    """
    constructor = str((cfg.get('optim_wrapper') or {}).get('constructor', ''))
    kind = ((cfg.get('model') or {}).get('backbone') or {}).get('type')
    backbone = MODELS.get(kind) if isinstance(kind, str) else kind
    ours = isinstance(backbone, type) and issubclass(
        backbone, PretrainedEncoder
    )
    if 'Decay' in constructor and ours:
        raise ValueError(
            f'optim_wrapper.constructor={constructor!r} knows the layers of '
            f"other backbones' and not those of {kind}. Leave it out, and set "
            'rates by the names of parts: optim_wrapper.paramwise_cfg=dict('
            "custom_keys={'backbone': dict(lr_mult=0.1)})."
        )
