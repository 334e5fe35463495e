"""'Same' padding by zeros in the weight: timm's results."""

import itertools

import pytest
import torch
from timm.layers.conv2d_same import Conv2dSame
from torch.overrides import TorchFunctionMode

from xnet_mm.fast import accelerate, restore
from xnet_mm.fast.convolution import FastConv2dSame, same_padding


class Calls(TorchFunctionMode):
    """Shapes of what is padded."""

    def __init__(self):
        super().__init__()
        self.padded = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func is torch.nn.functional.pad:
            self.padded.append(args[0].shape)
        return func(*args, **(kwargs or {}))


def run(layer, x):
    with torch.no_grad():
        return layer(x)


@pytest.mark.parametrize('kernel', [1, 2, 3, 5, (3, 5)])
@pytest.mark.parametrize('stride', [1, 2, 3, (2, 1)])
def test_as_timm(kernel, stride):
    for height, width in itertools.product((1, 6, 7, 8), (5, 8, 9)):
        x = torch.randn(2, 4, height, width)
        for layout in (torch.contiguous_format, torch.channels_last):
            x = x.contiguous(memory_format=layout)
            for groups in (1, 4):
                layer = Conv2dSame(4, 8, kernel, stride, groups=groups)
                wanted = run(layer, x)
                layer.__class__ = FastConv2dSame
                got = run(layer, x)
                assert got.shape == wanted.shape
                torch.testing.assert_close(got, wanted, rtol=1e-5, atol=1e-5)


def test_the_map_is_not_copied():
    layer, x = Conv2dSame(3, 8, 3, 2), torch.randn(1, 3, 8, 6)
    with Calls() as before:
        run(layer, x)
    assert before.padded == [x.shape]
    accelerate(layer)
    with Calls() as now:
        run(layer, x)
    assert now.padded == [layer.weight.shape]


def test_padding_by_hand():
    # 8 pixels in steps of 2, kernel 3: the last window reads 6, 7 and one
    # pixel more. 7 pixels: one on both sides.
    layer = Conv2dSame(1, 1, 3, 2)
    assert same_padding(layer, torch.empty(1, 1, 8, 7)) == (
        (0, 0, 1, 0),
        (1, 1),
    )
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, 10, 100]] * 3) / 3)
        layer.bias.zero_()
    layer.__class__ = FastConv2dSame
    x = torch.arange(1.0, 9).repeat(9, 1)[None, None]
    assert run(layer, x)[0, 0, 1].tolist() == pytest.approx(
        [321, 543, 765, 87]
    )


def test_plain_where_it_is_not_known():
    layer = Conv2dSame(2, 2, 3, 2, dilation=2)
    x = torch.randn(1, 2, 8, 9)
    wanted = run(layer, x)
    accelerate(layer)
    torch.testing.assert_close(run(layer, x), wanted, rtol=0, atol=0)
    # In training timm's own code runs, and so do its gradients.
    with Calls() as calls:
        accelerate(Conv2dSame(2, 2, 3, 2))(x).sum().backward()
    assert calls.padded == [x.shape]
    assert type(restore(layer)) is Conv2dSame


def test_exported_as_timm_does():
    layer = Conv2dSame(2, 2, 3, 2).eval()
    x = torch.randn(1, 2, 8, 9)
    traced = torch.jit.trace(accelerate(layer), x)
    torch.testing.assert_close(traced(x), run(layer, x))
