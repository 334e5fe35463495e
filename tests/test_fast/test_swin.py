"""Swin's fast blocks: the same maps and gradients as timm's own."""

import pytest
import torch
import torch.nn.functional as F
from timm.models.swin_transformer import (
    SwinTransformerBlock,
    WindowAttention,
    window_partition,
)
from tiny_models import SWIN
from twins import check_gradients, check_half_precision, check_maps, pair

from xnet_mm.fast import linear, restore, swin, when
from xnet_mm.fast.swin import FastSwinTransformerBlock, FusedWindowAttention


@pytest.mark.parametrize('onednn', [False, True])
@pytest.mark.parametrize('size', [(64, 64), (224, 224), (72, 136)])
def test_maps_equal_timms(size, onednn, monkeypatch):
    monkeypatch.setattr(linear, 'ONEDNN_MACS', 0 if onednn else float('inf'))
    # Pieces of a few rows, the last one shorter.
    monkeypatch.setattr(when, 'PIECE_BYTES', 100_000)
    check_maps(SWIN, size)


def test_gradients_equal_timms():
    check_gradients(SWIN)


def test_half_precision_stays_near(monkeypatch):
    monkeypatch.setattr(when, 'PIECE_BYTES', 10_000)
    check_half_precision(SWIN)


def test_blocks_and_attention_are_exchanged():
    _, fast = pair(SWIN)
    blocks = [m for m in fast.modules() if isinstance(m, SwinTransformerBlock)]
    assert len(blocks) == sum(SWIN['depths'])
    assert {type(b) for b in blocks} == {FastSwinTransformerBlock}
    assert {type(b.attn) for b in blocks} == {FusedWindowAttention}
    assert all(b.attn.fused_attn for b in blocks)
    restore(fast)
    assert {type(b.attn) for b in blocks} == {WindowAttention}
    assert not any(b.attn.fused_attn for b in blocks)


def test_the_bias_is_looked_up_once():
    _, fast = pair(SWIN)
    image = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        wanted = fast(image)
        names = {*fast.state_dict()}
        for module in fast.modules():
            if isinstance(module, FastSwinTransformerBlock):
                module.keep_bias()
                # Kept: what it was made of is looked at no more.
                module.attn.relative_position_bias_table.zero_()
        assert torch.equal(fast(image), wanted)
    assert {*fast.state_dict()} == names


@pytest.mark.parametrize('shift', [(0, 0), (2, 1)])
def test_windows_by_timms_own_steps(shift):
    """Numbers for tokens: pad, roll and partition them as timm does."""
    height, width, window = 6, 5, (4, 3)
    to_windows, to_map, mask = swin._windows(
        height, width, window, shift, torch.device('cpu')
    )
    tokens = torch.arange(height * width).view(1, height, width, 1)
    padded = F.pad(tokens, (0, 0, 0, 1, 0, 2), value=height * width)
    # timm rolls what is padded; here it is the other way round, and the
    # padding stays at the end: only the order of the places differs.
    padded = F.pad(
        tokens.roll((-shift[0], -shift[1]), (1, 2)),
        (0, 0, 0, 1, 0, 2),
        value=height * width,
    )
    wanted = window_partition(padded, window).flatten()
    assert torch.equal(to_windows, wanted)
    assert torch.equal(wanted[to_map], torch.arange(height * width))
    assert (mask is None) == (shift == (0, 0))


def test_mask_by_hand():
    """One window of 2x2 over a map of 2x2 that is rolled by one column."""
    _, _, mask = swin._windows(2, 2, (2, 2), (0, 1), torch.device('cpu'))
    apart = -100.0
    wanted = torch.tensor(
        [  # columns 0 and 1 come from different ends of the map
            [0, apart, 0, apart],
            [apart, 0, apart, 0],
            [0, apart, 0, apart],
            [apart, 0, apart, 0],
        ]
    )
    assert torch.equal(mask, wanted[None, None])
