"""Linear layers by oneDNN: the same products, counted as such."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from xnet_mm.fast import linear as module
from xnet_mm.fast.linear import FastLinear, linear


@pytest.mark.parametrize('has_bias', [False, True])
@pytest.mark.parametrize('macs', [0, float('inf')])
def test_linear_by_hand(has_bias, macs, monkeypatch):
    monkeypatch.setattr(module, 'ONEDNN_MACS', macs)
    torch.manual_seed(0)
    x, weight = torch.randn(7, 33, 20), torch.randn(13, 20)
    bias = torch.randn(13) if has_bias else None
    wanted = x.double() @ weight.double().mT
    wanted = wanted + bias if has_bias else wanted
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        ours = linear(x, weight, bias)
    torch.testing.assert_close(ours, wanted.float(), rtol=1e-5, atol=1e-5)
    assert counter.get_total_flops() == 2 * 7 * 33 * 20 * 13


@pytest.mark.skipif(module.ONEDNN is None, reason='x86-64 only')
def test_only_large_products_in_plain_inference_go_to_onednn(monkeypatch):
    calls = []

    def onednn(x, weight, bias, *_):
        calls.append(tuple(x.shape))
        return nn.functional.linear(x, weight, bias)

    monkeypatch.setattr(module, 'ONEDNN', onednn)
    monkeypatch.setattr(module, 'ONEDNN_MACS', 100)
    layer = FastLinear(5, 4)
    with torch.no_grad():
        layer(torch.rand(4, 5))  # 80 multiply-accumulates
        layer(torch.rand(5, 5))  # 100
        with torch.autocast('cpu', torch.bfloat16):
            assert layer(torch.rand(6, 5)).dtype == torch.bfloat16
        layer.double()(torch.rand(7, 5, dtype=torch.float64))
    layer.float()(torch.rand(8, 5)).sum().backward()
    assert calls == [(5, 5)]
    assert layer.weight.grad is not None
