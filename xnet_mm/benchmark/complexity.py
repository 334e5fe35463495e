"""Parameters and multiply-accumulates of a config's model."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.models.segmentors import EncoderDecoder
from mmseg.registry import MODELS
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode

from ..fast import accelerate
from ..fast.accelerate import PLAIN
from ..fast.swin import KeptBias
from ..models.channels import image_channels

PER_SAMPLE = 5  # multiply-accumulates for a channel of a sample


class Complexity(NamedTuple):
    """What a model costs.

    Attributes:
        parameters: all of them, trained or frozen, without auxiliary heads.
        macs: multiply-accumulates of the prediction of one image of the
            config's crop size: matrix products (those of attention too) and
            convolutions, as torch counts them, and what deformable attention
            samples, 5 for each channel of a sample: four of the bilinear
            interpolation and one of the weighted sum (Deformable DETR,
            section 4.1).
    """

    parameters: int
    macs: int


class SkipRandomNumbers(TorchFunctionMode):
    """Leaves the weights of new modules as memory has them.

    Three quarters of the time that a big model takes to build are random
    numbers, which nothing here looks at.
    """

    def __torch_function__(
        self,
        func: Callable,
        types: Any,
        args: tuple = (),
        kwargs: dict | None = None,
    ) -> Any:
        """Call `func`, unless it fills a tensor with random numbers."""
        if func in (Tensor.uniform_, Tensor.normal_, Tensor.erfinv_):
            return args[0]
        return func(*args, **(kwargs or {}))


def count_config(cfg: Config) -> Complexity:
    """Build the model of `cfg`, without its weights, and count it.

    Swin counts as published, whoever's it is: see `count_model`.

    Raises:
        ImportError: the model needs a package that is not installed.
    """
    init_default_scope(cfg.default_scope)
    with SkipRandomNumbers():
        model = MODELS.build(cfg.model)
    return count_model(
        model, cfg.model.data_preprocessor.size, padded_windows=True
    )


def count_model(
    model: EncoderDecoder,
    size: tuple[int, int],
    *,
    padded_windows: bool = False,
) -> Complexity:
    """Count without computing: the model moves to torch's meta device.

    Deformable attention has to compute on a CPU: it looks at sizes that it
    keeps in tensors.

    Args:
        model: a segmentor of MMSegmentation; unusable afterwards.
        size: (height, width) of the image, in pixels.
        padded_windows: count Swin as its authors, timm and MMSegmentation
            wrote it: tokens are padded to whole windows and the padding is
            projected too. Our own Swin leaves that out, MMSegmentation's
            does not, so that only this compares a model of ours with one of
            theirs. False is what runs here.
    """
    model.auxiliary_head = None
    accelerate(model)  # what runs is counted: the probe folded
    if padded_windows:
        for module in model.modules():
            kind = type(module)
            if issubclass(kind, KeptBias):
                module.__class__ = PLAIN[kind]
    parameters = sum(p.numel() for p in model.parameters())
    move_to_count(model.eval())
    device = next(model.parameters()).device
    image = torch.zeros(1, image_channels(model), *size, device=device)
    meta = dict.fromkeys(('img_shape', 'ori_shape', 'pad_shape'), size)
    counter = FlopCounterMode(display=False)
    samples: Counter = Counter()
    hooks = [
        module.register_forward_hook(partial(_count_samples, samples))
        for module in _samplers(model)
    ]
    with torch.no_grad(), counter:
        model.encode_decode(image, [meta])
    for hook in hooks:
        hook.remove()
    # torch counts a multiply-accumulate as two operations.
    macs = counter.get_total_flops() // 2 + PER_SAMPLE * samples.total()
    return Complexity(parameters, macs)


def move_to_count(model: nn.Module) -> nn.Module:
    """Where `count_model` runs a model: the meta device, or the CPU.

    On the meta device every parameter is a new one; those of another model
    that shares them stay.
    """
    return model.to('cpu' if _samplers(model) else 'meta')


def _samplers(model: nn.Module) -> list[nn.Module]:
    """Deformable attention of mmcv, which may not be importable."""
    name = 'MultiScaleDeformableAttention'
    return [m for m in model.modules() if type(m).__name__ == name]


def _count_samples(
    samples: Counter, attention: Any, inputs: Any, output: Tensor
) -> None:
    """Note how many channels were sampled in a call."""
    queries = output.numel() // attention.embed_dims  # of all images
    channels = attention.value_proj.out_features  # of all heads
    points = attention.num_levels * attention.num_points
    samples[attention] += queries * points * channels
