"""Where models come from: timm by name, an OpenMMLab registry by config."""

from typing import Any, TypeGuard

import timm
import torch.nn.functional as F
from timm.layers.norm_act import BatchNormAct2d
from torch import Tensor, nn


def is_registered(config: str | dict) -> TypeGuard[dict]:
    """Whether the model comes from an OpenMMLab registry, not from timm."""
    return not isinstance(config, str) and config['type'] != 'timm'


def build_classifier(
    config: str | dict, **defaults: Any
) -> tuple[str, nn.Module]:
    """Build the untouched model of a config; return its name and it.

    Args:
        config: name of a timm model, `dict(type='timm', model_name=...,
            **options)`, or the config of a model in an OpenMMLab registry.
        **defaults: options for timm, where the config has none of its own.

    Raises:
        ValueError: timm knows no such model; the message lists close names.
    """
    if is_registered(config):
        from mmseg.registry import MODELS as MMSEG_MODELS

        return config['type'], MMSEG_MODELS.build(config)
    options = {} if isinstance(config, str) else dict(config)
    options.pop('type', None)
    name = config if isinstance(config, str) else options.pop('model_name')
    if not timm.is_model(name.split('.')[0]):
        close = timm.list_models(f'*{name.split(".")[0][:8]}*')[:8]
        raise ValueError(
            f'timm {timm.__version__} knows no model {name}'
            + (f'; it knows {", ".join(close)}, ...' if close else '')
        )
    return name, _create_any_size(name, {**defaults, **options})


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
