"""What a model cannot run on, said before it runs."""

from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor, nn

from ..datasets.transforms import LoadMultiChannelImage
from ..fileio.pairing_tensors import unwrapped
from ..models.arguments import CHANNELS_HELP, check_windows
from ..models.channels import RGB, claimed_channels
from ..registry import HOOKS
from .endless import check_epochs_end, check_evaluation_ends

LOADING_HELP = (
    "Load with color_type='color' (the default of LoadImageFromFile), which "
    'makes three channels of grey and of RGBA images; others are for '
    'xnet_mm.LoadMultiChannelImage'
)
MOST_PADDED = 4  # by OpenCV, with a colour
# What draws new colours: they know three channels of 8 bits.
OF_COLOURS = (
    *('ColorJitter', 'ColorTransform', 'PhotoMetricDistortion'),
    *('RandomGrayscale', 'RGB2Gray', 'YOLOXHSVRandomAug'),
)


@HOOKS.register_module()
class ModelCheckHook(Hook):
    """Stops a run whose model cannot work as the config wants it to.

    A sliding window that leaves pixels out is refused, MMSegmentation's too,
    and so are a preprocessor, encoder, decoder, loader or images of other
    numbers of channels than the rest, and loaders that never end where epochs
    or evaluations wait for their end.
    """

    def before_run(self, runner: Runner) -> None:
        """Look at the sliding window, and at how many channels are wanted.

        Raises:
            ValueError: see `check_windows` and `claimed_channels`.
        """
        claimed_channels(unwrapped(runner.model))
        for module in runner.model.modules():
            if hasattr(module, 'slide_inference'):
                check_windows(getattr(module, 'test_cfg', None))

    def before_train(self, runner: Runner) -> None:
        """Look at how images are loaded, and whether the loaders end."""
        check_epochs_end(runner.train_loop, runner.train_dataloader)
        if runner.val_loop is not None:  # not first after hours of training
            check_evaluation_ends(runner.val_loop.dataloader, 'val')
        check_loading(runner.train_dataloader.dataset, runner.model)

    def before_val(self, runner: Runner) -> None:
        """Look at how images are loaded, and whether the loader ends."""
        check_evaluation_ends(runner.val_dataloader, 'val')
        check_loading(runner.val_dataloader.dataset, runner.model)

    def before_test(self, runner: Runner) -> None:
        """Look at how images are loaded, and whether the loader ends."""
        check_evaluation_ends(runner.test_dataloader, 'test')
        check_loading(runner.test_dataloader.dataset, runner.model)

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


def check_loading(dataset: Any, model: nn.Module) -> None:
    """Refuse a pipeline whose images have other channels than are wanted.

    Args:
        dataset: the innermost ones of a wrapper are looked at.
        model: as the runner has it.

    Raises:
        ValueError: with the transform and what to do.
    """
    for part in getattr(dataset, 'datasets', ()):
        check_loading(part, model)
    count = claimed_channels(unwrapped(model))
    transforms = getattr(getattr(dataset, 'pipeline', None), 'transforms', ())
    loader = next(iter(transforms), None)
    is_picture = not isinstance(loader, LoadMultiChannelImage)
    chosen = getattr(loader, 'channels', None) if not is_picture else None
    if chosen and count and len(chosen) != count:
        raise ValueError(
            f'LoadMultiChannelImage has channels={chosen}, and the model '
            f'takes {count}. {CHANNELS_HELP}.'
        )
    for transform in transforms:
        name = type(transform).__name__
        if name == 'Pad' and (count or 0) > MOST_PADDED:
            raise ValueError(
                f'{name} of mmcv takes at most {MOST_PADDED} channels, and '
                f'the model takes {count}. Leave it out: data_preprocessor '
                'pads to its size=(height, width).'
            )
        colours = str(getattr(transform, 'color_type', ''))
        if colours.startswith('grayscale') and count != 1:
            raise ValueError(
                f'{name} has color_type={colours!r}, which gives (H,W) '
                f'arrays, and the model takes {count or RGB} channels. '
                f'{LOADING_HELP}. {CHANNELS_HELP}.'
            )
        if name in OF_COLOURS and not (is_picture and count in (None, RGB)):
            raise ValueError(
                f'{name} wants three channels of 8 bits, as LoadImage gives '
                f'them, and this pipeline has {type(loader).__name__} for a '
                f'model of {count or RGB} channels. Leave {name} out.'
            )


def check_channels(model: nn.Module, data_batch: Any) -> None:
    """Refuse images of other channels than the model takes.

    Args:
        model: as the runner has it; one that does not say how many it takes
            is left alone.
        data_batch: as the loader gives it: `inputs` are images (C,H,W), or
            lists of them (test-time augmentation).

    Raises:
        ValueError: with the channels, the shape and the image's name.
    """
    if not isinstance(data_batch, dict):
        return
    count = claimed_channels(unwrapped(model))
    if count is None:
        return
    images, samples = data_batch.get('inputs'), data_batch.get('data_samples')
    while isinstance(images, list | tuple) and images:
        images, samples = images[0], samples[0] if samples else None
    if not isinstance(images, Tensor) or images.ndim < 3:
        return
    found = images.shape[-3]
    if found != count:
        name = getattr(samples, 'metainfo', {}).get('img_path', 'an image')
        raise ValueError(
            f'{name} was loaded as {found} channels (shape '
            f'{tuple(images.shape)}), and the model takes {count}. '
            f'{LOADING_HELP}. {CHANNELS_HELP}.'
        )
