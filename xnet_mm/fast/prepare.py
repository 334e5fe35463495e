"""Rewrites of a trained model that make its predictions faster."""

import torch
from mmengine.model.utils import revert_sync_batchnorm
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.fusion import fuse_conv_bn_weights

from .precision import convert
from .swin import FastConvNeXtBlock, FastSwinTransformerBlock

PROBE_SIZE = (64, 96)


@torch.no_grad()
def prepare_for_inference(
    model: nn.Module, dtype: torch.dtype = torch.float32
) -> nn.Module:
    """Rewrite a model in place for prediction; it cannot be trained after.

    Any segmentor: each batch norm that follows a convolution is multiplied
    into it. Which ones do is seen in a run, not guessed from the order of
    the modules: timm's blocks and MMCV's ConvModule nest them differently.
    Of our own blocks, layer scale is multiplied in, and what depends on
    weights alone is made once.

    Args:
        model: with its final weights.
        dtype: bfloat16 or float16 for a model that predicts in it, without
            `torch.autocast` around: see `precision.convert`.

    Returns:
        The same model, in eval mode.

    Raises:
        RuntimeError: the model gives other results afterwards, in fp32.
    """
    model = revert_sync_batchnorm(model.eval())
    image = torch.linspace(-2, 2, 3 * PROBE_SIZE[0] * PROBE_SIZE[1])
    parameter = next(model.parameters())
    image = image.view(1, 3, *PROBE_SIZE).to(parameter.device, parameter.dtype)
    pairs, before = _find_pairs(model, image)
    for norm, convolution in pairs.items():
        _fold(convolution, norm)
    for module in model.modules():
        if isinstance(module, FastConvNeXtBlock):
            module.fold_layer_scale()
        elif isinstance(module, FastSwinTransformerBlock):
            module.keep_bias()
    names = {module: name for name, module in model.named_modules()}
    for norm in pairs:
        model.set_submodule(names[norm], nn.Identity())
    after = _tensors(model(image, mode='tensor'))
    for a, b in zip(after, before, strict=True):
        if (a - b).abs().max() > 1e-3 * b.abs().max() + 1e-6:
            raise RuntimeError(
                f'{type(model).__name__}: other results after '
                f'{len(pairs)} batch norms were folded into their '
                'convolutions. Use the model without prepare_for_inference.'
            )
    if dtype != torch.float32:
        convert(model, dtype, image)
    return model


def _find_pairs(
    model: nn.Module, image: Tensor
) -> tuple[dict[_BatchNorm, nn.Conv2d], list[Tensor]]:
    """Which batch norm takes in what a convolution gives out."""
    made: dict[int, tuple[nn.Conv2d, Tensor]] = {}  # kept, or ids come again
    pairs: dict[_BatchNorm, nn.Conv2d] = {}
    calls: list[nn.Module] = []

    def note_made(module: nn.Module, args: tuple, output: Tensor) -> None:
        made[id(output)] = module, output
        calls.append(module)

    def note_taken(module: nn.Module, args: tuple) -> None:
        calls.append(module)
        if id(args[0]) in made:
            pairs[module] = made[id(args[0])][0]

    hooks = []
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            hooks.append(module.register_forward_hook(note_made))
        elif isinstance(module, _BatchNorm) and module.track_running_stats:
            hooks.append(module.register_forward_pre_hook(note_taken))
    try:
        outputs = _tensors(model(image, mode='tensor'))
    finally:
        for hook in hooks:
            hook.remove()
    takers = list(pairs.values())
    once = {
        norm: convolution
        for norm, convolution in pairs.items()
        if calls.count(norm) == calls.count(convolution) == 1
        and takers.count(convolution) == 1
    }
    return once, outputs


def _fold(convolution: nn.Conv2d, norm: _BatchNorm) -> None:
    convolution.weight, convolution.bias = fuse_conv_bn_weights(
        convolution.weight,
        convolution.bias,
        norm.running_mean,
        norm.running_var,
        norm.eps,
        norm.weight,
        norm.bias,
    )


def _tensors(outputs: object) -> list[Tensor]:
    return [
        t.clone()
        for t in torch.utils._pytree.tree_leaves(outputs)
        if isinstance(t, Tensor)
    ]
