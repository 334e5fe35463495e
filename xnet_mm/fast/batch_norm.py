"""Batch norms multiplied into the convolutions that they follow."""

from collections.abc import Hashable

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.fusion import fuse_conv_bn_weights

from ..compat import tree_leaves


def find_pairs(
    model: nn.Module, image: Tensor
) -> tuple[dict[_BatchNorm, nn.Conv2d], list[Tensor]]:
    """Which batch norm takes in what a convolution gives out.

    Args:
        model: in eval mode.
        image: to run it with, (1,3,H,W).

    Returns:
        The pairs in which both run once and the convolution feeds nothing
        else of the kind; and the model's outputs.
    """
    # The tensors are kept: an id comes again when its tensor is gone.
    made: dict[Hashable, tuple[nn.Conv2d, Tensor]] = {}
    pairs: dict[_BatchNorm, nn.Conv2d] = {}
    calls: list[nn.Module] = []

    def note_made(module: nn.Module, args: tuple, output: Tensor) -> None:
        calls.append(module)
        if isinstance(module, nn.Conv2d):
            made[id(output)] = module, output

    def note_taken(module: nn.Module, args: tuple) -> None:
        calls.append(module)
        if isinstance(module, _BatchNorm) and id(args[0]) in made:
            pairs[module] = made[id(args[0])][0]

    hooks = []
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            hooks.append(module.register_forward_hook(note_made))
        elif isinstance(module, _BatchNorm) and module.track_running_stats:
            hooks.append(module.register_forward_pre_hook(note_taken))
    try:
        outputs = model(image, mode='tensor')
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
    return once, [
        leaf.clone() if isinstance(leaf, Tensor) else leaf
        for leaf in tree_leaves(outputs)
    ]


def fold(convolution: nn.Conv2d, norm: _BatchNorm) -> None:
    """Give the convolution the weight and bias of both; the norm stays.

    Raises:
        ValueError: the norm has no running statistics.
    """
    mean, variance = norm.running_mean, norm.running_var
    if mean is None or variance is None:
        raise ValueError(
            'A batch norm without running statistics depends on its input: '
            'it cannot be folded.'
        )
    convolution.weight, convolution.bias = fuse_conv_bn_weights(
        convolution.weight,
        convolution.bias,
        mean,
        variance,
        norm.eps,
        norm.weight,
        norm.bias,
    )
