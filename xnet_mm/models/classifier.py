"""Where models come from: timm by name, an OpenMMLab registry by config."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeGuard

import timm
import torch
import torch.nn.functional as F
from timm.layers.norm_act import BatchNormAct2d
from torch import Tensor, nn

from .arguments import check_counts, describe_close
from .channels import first_layer_channels

WANTED = (
    "wanted the name of a timm model, dict(type='timm', model_name=..., "
    '**options), or the config of a registered model'
)


def is_registered(config: str | dict) -> TypeGuard[dict]:
    """Whether the model comes from an OpenMMLab registry, not from timm."""
    return not isinstance(config, str) and config.get('type') != 'timm'


def build_classifier(
    config: str | dict, **defaults: Any
) -> tuple[str, nn.Module]:
    """Build the untouched model of a config; return its name and it.

    Args:
        config: name of a timm model, `dict(type='timm', model_name=...,
            **options)`, or the config of a model in an OpenMMLab registry.
        **defaults: options for timm, where the config has none of its own.

    Raises:
        ValueError: there is no such model (the message lists close names),
            or it cannot be built with these options.
    """
    if not isinstance(config, str | dict) or not config:
        raise ValueError(f'got {config!r}; {WANTED}')
    if is_registered(config):
        return config.get('type', ''), _build_registered(config)
    options = {} if isinstance(config, str) else dict(config)
    options.pop('type', None)
    name = config
    if isinstance(config, dict):
        name = options.pop('model_name', None)
    if not isinstance(name, str):
        raise ValueError(f'got {config!r}; {WANTED}')
    if not timm.is_model(name.split('.')[0]):
        raise ValueError(
            f'timm {timm.__version__} knows no model {name}'
            f'{describe_close(name.split(".")[0], timm.list_models())}'
        )
    first_layer_channels(config)  # a number, or timm's error is odd
    if 'img_size' in options:
        options['img_size'] = _read_size(name, options['img_size'])
    try:
        return name, _create_any_size(name, {**defaults, **options})
    except Exception as error:  # an empty AssertionError too
        if isinstance(error, TypeError) and "'img_size'" in str(error):
            raise ValueError(
                f'{name} has no option img_size; leave it out'
            ) from error
        raise ValueError(
            f'timm cannot build {name} with {options}: '
            f'{str(error) or type(error).__name__}'
        ) from error


def _build_registered(config: dict) -> nn.Module:
    from mmseg.registry import MODELS as MMSEG_MODELS

    kind = config.get('type')
    if kind is None:
        raise ValueError(f'got {config!r}; {WANTED}')
    if isinstance(kind, str) and MMSEG_MODELS.get(kind) is None:
        close = describe_close(kind.split('.')[-1], MMSEG_MODELS.module_dict)
        raise ValueError(
            f'MMSegmentation knows no model {kind}{close} (a model of timm '
            "is dict(type='timm', model_name=...))"
        )
    first_layer_channels(config)
    try:
        return MMSEG_MODELS.build(config)
    except Exception as error:
        raise ValueError(
            f'{kind} cannot be built from {config}: {error}'
        ) from error


def _read_size(name: str, size: Any) -> tuple[int, int]:
    sides = (size, size) if isinstance(size, int) else size
    try:
        check_counts('img_size', sides)
        height, width = sides
    except ValueError:
        raise ValueError(
            f'{name}: img_size={size!r}; wanted the height and width of '
            'images in pixels, (H, W), or one number for both'
        ) from None
    return height, width


def _create_any_size(name: str, options: dict[str, Any]) -> nn.Module:
    """Create a timm model that takes images of any size, where it can."""
    ways: list[dict[str, Any]] = [
        dict(strict_img_size=False),  # Swin, Swin V2
        dict(dynamic_img_size=True, dynamic_img_pad=True),  # ViT, DINOv2
        {},
    ]
    for any_size in ways:
        try:
            model = timm.create_model(name, **any_size, **options)
        except TypeError:
            if not any_size:
                raise
        else:
            break
    patch_embed: Any = getattr(model, 'patch_embed', None)
    if hasattr(patch_embed, 'dynamic_img_pad'):
        patch_embed.register_forward_pre_hook(_pad_to_patches)
        if not patch_embed.dynamic_img_pad:
            # Its message of a wrong size makes sizes constants, compiled.
            patch_embed.img_size = None
    return model


def _pad_to_patches(patch_embed: Any, args: tuple[Tensor]) -> Tensor:
    """Pad an image to whole patches, as timm does, but only if it has to be.

    So torch.compile knows that sizes divide, and one program takes them all;
    with the terms of timm's own padding it hangs at the second size.
    """
    image = args[0]
    pads = [
        -side % patch
        for side, patch in zip(
            image.shape[-2:], patch_embed.patch_size, strict=True
        )
    ]
    return F.pad(image, (0, pads[1], 0, pads[0])) if any(pads) else image


@contextmanager
def where_it_lies(model: nn.Module) -> Iterator[None]:
    """Make new tensors, and the model's buffers, where its parameters are.

    For a model on `meta`, which has shapes and no values, and may have its
    buffers elsewhere. They are put back afterwards.
    """
    device = next(model.parameters(), torch.empty(0)).device
    elsewhere = [
        (module._buffers, name, buffer)
        for module in model.modules()
        for name, buffer in module._buffers.items()
        if buffer is not None and buffer.device != device
    ]
    try:
        for buffers, name, buffer in elsewhere:
            buffers[name] = buffer.to(device)
        with torch.device(device):
            yield
    finally:
        for buffers, name, buffer in elsewhere:
            buffers[name] = buffer


def split_batch_norm_act(model: nn.Module) -> None:
    """Split timm's fused norm and activation, in place.

    torch's SyncBN conversion replaces a `BatchNormAct2d` by a plain
    SyncBatchNorm and so loses the activation without a word.
    """
    for child_name, child in model.named_children():
        if isinstance(child, BatchNormAct2d):
            norm = nn.BatchNorm2d(
                child.num_features,
                child.eps,
                child.momentum,
                child.affine,
                child.track_running_stats,
            )
            norm._parameters, norm._buffers = child._parameters, child._buffers
            setattr(model, child_name, nn.Sequential(norm, child.act))
        else:
            split_batch_norm_act(child)
