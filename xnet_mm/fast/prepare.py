"""A trained model rewritten for prediction, for good."""

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from typing import Any

import torch
from mmengine.logging import print_log
from mmengine.model.utils import revert_sync_batchnorm
from torch import Tensor, nn

from ..compat import set_submodule, tree_leaves
from ..fileio.finite import describe_nonfinite, find_nonfinite
from ..models.channels import image_channels
from .accelerate import accelerate
from .batch_norm import find_pairs, fold
from .convnext import FastSteps
from .pfp import FastPFPDepthHead, FastPFPHead, fold_probe
from .precision import convert
from .swin import KeptBias

PROBE_SIZE = (64, 96)


@torch.no_grad()
def prepare_for_inference(
    model: nn.Module, dtype: torch.dtype = torch.float32
) -> nn.Module:
    """Rewrite a model in place for prediction; it cannot be trained after.

    Any segmentor: it is accelerated (`accelerate`), and each batch norm that
    follows a convolution is multiplied into it. Which ones do is seen in a
    run, not guessed from the order of the modules: timm's blocks and MMCV's
    ConvModule nest them differently. Of our own boxes, layer scale and the
    probe are multiplied in, and what depends on weights alone is made once.
    The log says in one line what was done and which precision runs.

    Whatever fails, the model is then as it was, bit for bit.

    Args:
        model: with its final weights.
        dtype: bfloat16 or float16 for a model that predicts in it, without
            `torch.autocast` around: see `precision.convert`.

    Returns:
        The same model, in eval mode.

    Raises:
        RuntimeError: weights or results are not finite, or the model gives
            other results afterwards, in fp32.
    """
    name = type(model).__name__
    with _undone_on_error(model):
        _check_finite(model)
        model = revert_sync_batchnorm(model.eval())
        image = _probe_image(model)
        pairs, before = find_pairs(model, image)
        accelerate(model)
        for norm, convolution in pairs.items():
            fold(convolution, norm)
        for module in model.modules():
            if isinstance(module, FastSteps):
                module.fold_layer_scale()
            elif isinstance(module, KeptBias):
                module.keep_bias()
            elif isinstance(module, (FastPFPHead, FastPFPDepthHead)):
                fold_probe(module)
        names = {module: name for name, module in model.named_modules()}
        for norm in pairs:
            set_submodule(model, names[norm], nn.Identity())
        after = tree_leaves(model(image, mode='tensor'))
        _compare(name, after, before, len(pairs))
        runs = 'in float32'
        if dtype != torch.float32:
            runs = convert(model, dtype, image)
    print_log(
        f'{name} prepared for inference: runs {runs}; {len(pairs)} batch '
        'norms folded',
        logger='current',
    )
    return model


def _probe_image(model: nn.Module) -> Tensor:
    """(1,N,H,W), of the model's device and precision."""
    parameter = next(model.parameters())
    shape = 1, image_channels(model), *PROBE_SIZE
    image = torch.linspace(-2, 2, prod(shape)).view(shape)
    return image.to(parameter.device, parameter.dtype)


def _check_finite(model: nn.Module) -> None:
    tensors = dict(model.named_parameters()) | dict(model.named_buffers())
    wrong = list(find_nonfinite(tensors))
    if wrong:
        raise RuntimeError(
            f'{type(model).__name__} has {describe_nonfinite(wrong)}: the '
            'training has diverged. Take an earlier checkpoint.'
        )


def _compare(
    name: str, after: list[Any], before: list[Tensor], folded: int
) -> None:
    for a, b in zip(after, before, strict=True):
        if not isinstance(b, Tensor):
            continue
        error = (a - b).abs().max()
        # Not `error > bound`: NaN is no result, let alone the same one.
        if not error <= 1e-3 * b.abs().max() + 1e-6:
            raise RuntimeError(
                f'{name}: other results after {folded} batch norms were '
                'folded into their convolutions (the largest difference is '
                f'{error:.2g}). Use the model without prepare_for_inference.'
            )


@contextmanager
def _undone_on_error(model: nn.Module) -> Iterator[None]:
    """Put every module back as it was, should the block fail.

    Within it tensors are replaced and never written to, so it is enough to
    keep what each module held, and its class.
    """
    tables = ('_parameters', '_buffers', '_modules')
    kept = [
        (
            module,
            type(module),
            {**vars(module), **{t: dict(vars(module)[t]) for t in tables}},
        )
        for module in model.modules()
    ]
    try:
        yield
    except BaseException:
        for module, kind, held in kept:
            module.__class__ = kind
            vars(module).clear()
            vars(module).update(held)
        raise
