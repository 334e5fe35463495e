"""torch.compile: one graph, and one program for images of many sizes."""

import pytest
import torch
from needs import COMPILED
from tiny_models import CONVNEXT, SEGMENT, SWIN, predict, xnet
from torch import nn

from xnet_mm.fast import prepare_for_inference, swin, when
from xnet_mm.models import PretrainedEncoder

if not hasattr(torch.library, 'custom_op'):
    pytest.skip('kernels: PyTorch 2.4', allow_module_level=True)
pytestmark = COMPILED


@torch.library.custom_op('xnet_mm_test::depthwise', mutates_args=())
def depthwise(
    x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor
) -> torch.Tensor:
    out = nn.functional.conv2d(
        x.permute(0, 3, 1, 2), weight, bias, padding=3, groups=len(weight)
    )
    return out.permute(0, 2, 3, 1).contiguous()


@depthwise.register_fake
def _(x, weight, bias):
    return x.new_empty(x.shape)


@torch.library.custom_op('xnet_mm_test::attention', mutates_args=())
def attention(qkv: torch.Tensor, padded: bool) -> torch.Tensor:
    return qkv.chunk(3, -1)[2].contiguous()  # the values: enough here


@attention.register_fake
def _(qkv, padded):
    return qkv.new_empty(*qkv.shape[:-1], qkv.shape[-1] // 3)


@pytest.mark.parametrize(
    'encoder', [pytest.param(SWIN, marks=pytest.mark.heavy), CONVNEXT]
)
def test_sizes_change(encoder, monkeypatch):
    """As on a GPU, where Triton's kernels are black boxes as these are.

    The terms of timm's padding once made Dynamo hang at the second size, and
    sizes in an error's text or a set made each a program of its own.
    """
    kernels = pytest.importorskip('xnet_mm.fast.kernel_calls')
    model = xnet(CONVNEXT, SEGMENT, encoder=encoder)
    prepare_for_inference(model)
    monkeypatch.setattr(when, 'on_gpu', lambda x: True)
    monkeypatch.setattr(swin, 'KERNEL_DIMS', (16,))
    monkeypatch.setattr(kernels, 'depthwise_conv7', depthwise)
    monkeypatch.setattr(
        kernels,
        'window_attention',
        lambda qkv, pad, bias, window, shift: attention(
            qkv, bool(qkv.shape[1] % window[0] or qkv.shape[2] % window[1])
        ),
    )
    graphs = []

    def keep(graph, inputs):
        graphs.append(graph)
        return graph

    torch._dynamo.reset()
    compiled = torch.compile(predict, backend=keep, fullgraph=True)
    for size in ((64, 96), (96, 128), (128, 160), (160, 96), (128, 192)):
        image = torch.randn(1, 3, *size)
        wanted = predict(model, image)
        torch.testing.assert_close(compiled(model, image), wanted)
    # For one size, for any, and for those where some window is not padded.
    assert len(graphs) <= 3


@pytest.mark.parametrize('size', [(61, 90), (64, 96), (33, 32)])
def test_whole_patches(size):
    """Images are padded with zeros below and at the right, if at all."""
    encoder = PretrainedEncoder('swin_tiny_patch4_window7_224').eval()
    image = torch.randn(1, 3, *size)
    padded = torch.zeros(1, 3, -(-size[0] // 4) * 4, -(-size[1] // 4) * 4)
    padded[..., : size[0], : size[1]] = image
    with torch.no_grad():
        ours, wanted = encoder(image)[1], encoder(padded)[1]
    assert torch.equal(ours, wanted)
