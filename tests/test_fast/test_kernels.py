"""What runs on the GPU, called bare: nothing beside the output is touched.

Without a GPU Triton interprets. Results: see test_kernel_calls.py.
"""

import pytest
import torch
from needs import needs_torch

triton = pytest.importorskip('triton')
tl = pytest.importorskip('triton.language')
kernels = pytest.importorskip('xnet_mm.fast.kernels')
pytestmark = needs_torch('2.4', 'Triton kernels')
DEVICE = 'cuda' if torch.cuda.is_available() else 'cpu'
GUARD = 512


@triton.jit
def regions(
    out_ptr, length, SIDE: tl.constexpr, SHIFT: tl.constexpr, N: tl.constexpr
):
    at = tl.arange(0, N)
    tl.store(out_ptr + at, kernels._region(at, length, SIDE, SHIFT))


@pytest.mark.parametrize(
    ('length', 'side', 'shift', 'wanted'),
    [
        (12, 4, 2, [0] * 8 + [1] * 2 + [2] * 2),
        (8, 4, 1, [0] * 4 + [1] * 3 + [2]),
        (4, 4, 3, [1] + [2] * 3),
    ],
)
def test_regions_by_hand(length, side, shift, wanted):
    out = torch.full((16,), -1, dtype=torch.int32, device=DEVICE)
    regions[(1,)](out, length, side, shift, 16)
    assert out[:length].tolist() == wanted


def guarded(count: int) -> torch.Tensor:
    """NaN all over: `count` values to write, and a guard on both sides."""
    return torch.full((count + 2 * GUARD,), float('nan'), device=DEVICE)


def assert_written(out: torch.Tensor) -> None:
    assert out[GUARD:-GUARD].isfinite().all()
    assert out[:GUARD].isnan().all() and out[-GUARD:].isnan().all()


@pytest.mark.parametrize(
    ('height', 'width', 'channels'), [(8, 16, 64), (9, 17, 65), (1, 1, 1)]
)
def test_depthwise_writes_its_map_and_nothing_else(height, width, channels):
    torch.manual_seed(0)
    x = torch.randn(2, height, width, channels, device=DEVICE)
    taps = torch.randn(7, 7, channels, device=DEVICE)
    bias = torch.randn(channels, device=DEVICE)
    out = guarded(x.numel())
    grid = (
        triton.cdiv(width, 16) * triton.cdiv(channels, 64),
        triton.cdiv(height, 8),
        2,
    )
    kernels.depthwise_kernel[grid](
        x,
        taps,
        bias,
        out[GUARD:],
        height,
        width,
        channels,
        COLUMNS=16,
        CHANNELS=64,
    )
    assert_written(out)


@pytest.mark.parametrize('shift', [0, 2])
@pytest.mark.parametrize(('height', 'width'), [(8, 8), (7, 9), (3, 2)])
def test_attention_writes_each_token_and_nothing_else(height, width, shift):
    """Windows of 4x4, two heads of 16; padded windows too."""
    torch.manual_seed(0)
    qkv = torch.randn(1, height, width, 3 * 32, device=DEVICE)
    pad = torch.randn(3 * 32, device=DEVICE)
    bias = torch.randn(2, 16, 16, device=DEVICE)
    across = triton.cdiv(width, 4)
    out = guarded(height * width * 32)
    kernels.window_attention_kernel[1, across * triton.cdiv(height, 4), 2](
        qkv,
        pad,
        bias,
        out[GUARD:],
        height,
        width,
        across,
        2,
        WIDTH=16,
        TALL=4,
        WIDE=4,
        SHIFT_Y=shift,
        SHIFT_X=shift,
        SCALE=0.25,
        PADDED=bool(height % 4 or width % 4),
        QUERIES=64,
        KEYS=32,
        PRECISION='ieee',
    )
    assert_written(out)
