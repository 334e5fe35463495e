"""timm's models beside their accelerated twins: the comparisons of tests."""

import timm
import torch
from tiny_models import timm_model
from torch import nn

from xnet_mm.fast import accelerate


def pair(options: dict) -> tuple[nn.Module, nn.Module]:
    """timm's model of random weights and its fast twin."""
    plain = timm_model(options)
    fast = accelerate(timm.create_model(**options, num_classes=0).eval())
    fast.load_state_dict(plain.state_dict())  # strict: same names
    return plain, fast


def check_maps(options: dict, size: tuple[int, int]) -> None:
    """All maps of two images are timm's, in inference."""
    plain, fast = pair(options)
    image = torch.rand(2, 3, *size)
    with torch.no_grad():
        theirs = plain.forward_intermediates(image, intermediates_only=True)
        ours = fast.forward_intermediates(image, intermediates_only=True)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=2e-5)


def check_gradients(options: dict) -> None:
    """All gradients are timm's, in training."""
    plain, fast = pair(options)
    image = torch.rand(2, 3, 64, 96, dtype=torch.float64)
    for model in (plain, fast):
        model.train().double()
        model(image).square().sum().backward()
    theirs = dict(plain.named_parameters())
    for name, parameter in fast.named_parameters():
        wanted = theirs[name].grad
        assert (parameter.grad - wanted).abs().max() <= (
            1e-8 * wanted.abs().max()
        )


def check_half_precision(options: dict) -> None:
    """bfloat16 has 8 bits: within 3 % of the largest value."""
    plain, fast = pair(options)
    image = torch.rand(2, 3, 64, 96)
    with torch.no_grad():
        exact = plain.forward_features(image)
        with torch.autocast('cpu', torch.bfloat16):
            theirs = plain.forward_features(image)
            ours = fast.forward_features(image)
    assert ours.dtype == theirs.dtype
    assert (ours - exact).abs().max() < 0.03 * exact.abs().max()
