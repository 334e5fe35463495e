"""Parameters and multiply-accumulates of a config's model."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.models.segmentors import EncoderDecoder
from mmseg.registry import MODELS
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode

from ..fast import accelerate
from ..models.channels import image_channels


class Complexity(NamedTuple):
    """What a model costs.

    Attributes:
        parameters: all of them, trained or frozen, without auxiliary heads.
        macs: multiply-accumulates of one image of the config's crop size,
            in backbone, neck and decode head: matrix products (those of
            attention too) and convolutions, as torch counts them.
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

    Raises:
        ImportError: the model needs a package that is not installed.
    """
    init_default_scope(cfg.default_scope)
    with SkipRandomNumbers():
        model = MODELS.build(cfg.model)
    return count_model(model, cfg.model.data_preprocessor.size)


def count_model(model: EncoderDecoder, size: tuple[int, int]) -> Complexity:
    """Count without computing: the model moves to torch's meta device.

    Args:
        model: a segmentor of MMSegmentation; unusable afterwards.
        size: (height, width) of the image, in pixels.
    """
    model.auxiliary_head = None
    accelerate(model)  # what runs is counted: the probe folded
    parameters = sum(p.numel() for p in model.parameters())
    model.eval().to('meta')
    shape = 1, image_channels(model), *size
    image = torch.zeros(shape, device='meta')
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        model(image, mode='tensor')
    # torch counts a multiply-accumulate as two operations.
    return Complexity(parameters, counter.get_total_flops() // 2)
