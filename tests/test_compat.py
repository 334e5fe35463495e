"""The same results from every PyTorch; what one lacks says so by name."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from xnet_mm import compat


def test_rms_norm_is_the_formula():
    norm = compat.RMSNorm(6)
    with torch.no_grad():
        norm.weight.copy_(torch.linspace(-1, 2, 6))
    x = torch.randn(2, 3, 6, generator=torch.Generator().manual_seed(0))
    wide, weight = x.double(), norm.weight.double()
    wanted = torch.zeros_like(wide)
    for i in range(2):
        for j in range(3):
            row = wide[i, j]
            mean = sum(v * v for v in row) / 6
            root = (mean + torch.finfo(torch.float32).eps) ** 0.5
            wanted[i, j] = row / root * weight
    got = norm(x)
    assert got.dtype == torch.float32
    assert (got - wanted).abs().max() < 1e-6
    assert [*norm.state_dict()] == ['weight']


def test_what_is_too_old_says_so(monkeypatch):
    monkeypatch.setattr(compat, 'TORCH', (2, 4))
    compat.need_torch('2.4', 'this')
    compat.need_torch('1.13', 'this')
    with pytest.raises(
        RuntimeError,
        match=r'is too old, 2\.10 or later is needed for Fsdp\. Use DDP\.',
    ):
        compat.need_torch('2.10', 'Fsdp. Use DDP.')


def test_autocast_on_a_cpu():
    assert compat.cpu_autocast_dtype() is None
    with torch.autocast('cpu', torch.bfloat16):
        assert compat.cpu_autocast_dtype() == torch.bfloat16
    assert compat.cpu_autocast_dtype() is None


def test_nobody_compiles_here():
    assert compat.is_compiling() is False


def test_leaves_of_nested_containers():
    assert compat.tree_leaves(dict(a=[1, (2, 3)], b=4)) == [1, 2, 3, 4]


def test_a_submodule_is_replaced_at_any_depth():
    model = nn.Sequential(nn.Sequential(nn.ReLU(), nn.ReLU()), nn.ReLU())
    compat.set_submodule(model, '0.1', nn.Identity())
    compat.set_submodule(model, '1', nn.Tanh())
    assert [type(m).__name__ for m in model.modules()] == [
        *('Sequential', 'Sequential', 'ReLU', 'Identity', 'Tanh')
    ]
    with pytest.raises(AttributeError, match='2'):
        compat.set_submodule(model, '2.a', nn.Tanh())


def test_a_formula_of_ours_is_counted():
    operator = torch.ops.aten.cumsum
    seen = []

    @compat.register_flop_formula(operator)
    def formula(shape, *_, **__):
        seen.append(tuple(shape))
        return 7

    with FlopCounterMode(display=False) as counter:
        torch.ones(2, 5).cumsum(1)
    assert seen == [(2, 5)]
    assert counter.get_total_flops() == 7
