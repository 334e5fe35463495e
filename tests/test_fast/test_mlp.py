"""timm's MLPs in few kernels, or in pieces with what surrounds them."""

import pytest
import torch
import torch.nn.functional as F
from timm.layers import GlobalResponseNormMlp, Mlp
from torch import nn

from xnet_mm.fast import when
from xnet_mm.fast.mlp import add_mlp, has_grn, is_plain, run_mlp

DEVICE = 'cuda' if torch.cuda.is_available() else 'cpu'


@pytest.fixture(autouse=True)
def no_gradients():
    torch.manual_seed(0)
    with torch.no_grad():
        yield


def random_mlp(kind: type) -> nn.Module:
    mlp = kind(48, 96)
    for parameter in mlp.parameters():
        nn.init.normal_(parameter, std=0.3)
    return mlp


@pytest.mark.parametrize('kind', [Mlp, GlobalResponseNormMlp])
def test_mlp_in_half_precision(kind):
    """No farther from the exact result than twice what rounding costs."""
    mlp = random_mlp(kind).to(DEVICE)
    x = torch.randn(2, 6, 7, 48, device=DEVICE)
    exact = mlp.double()(x.double())
    mlp = mlp.to(torch.bfloat16)
    plain = mlp(x.bfloat16())
    ours = run_mlp(mlp, x.bfloat16())
    assert ours.dtype == plain.dtype == torch.bfloat16
    error = (ours - exact).norm()
    assert error < 0.02 * exact.norm()
    assert error < 2 * (plain - exact).norm()


def test_tanh_form_of_gelu_is_near():
    """What `run_mlp` says of it, on all that bfloat16 can tell apart."""
    x = torch.linspace(-9, 9, 2**16, dtype=torch.float64)
    off = F.gelu(x, approximate='tanh') - F.gelu(x)
    assert off.abs().max() < 5e-4


@pytest.mark.parametrize('scaled', [False, True])
@pytest.mark.parametrize('piece', [1, 3000, 2**24])
@pytest.mark.parametrize('kind', [Mlp, GlobalResponseNormMlp])
def test_sum_with_the_shortcut_by_the_formula(
    kind, piece, scaled, monkeypatch
):
    """Shortcut + gamma * mlp(norm(x)), one row at a time and all at once."""
    monkeypatch.setattr(when, 'PIECE_BYTES', piece)
    mlp, norm = random_mlp(kind), nn.LayerNorm(48)
    gamma = torch.randn(48) if scaled else None
    shortcut, x = torch.randn(2, 2, 35, 48)
    # GRN wants the map (B,H,W,C): rows of 5 pixels.
    wanted = mlp(norm(x).view(2, 7, 5, 48)).view(2, 35, 48)
    wanted = shortcut + (wanted if gamma is None else gamma * wanted)
    ours = add_mlp(shortcut, x, norm, mlp, gamma)
    torch.testing.assert_close(ours, wanted, rtol=1e-4, atol=1e-4)


def test_which_mlps_are_known():
    assert is_plain(Mlp(4)) and not has_grn(Mlp(4))
    grn = GlobalResponseNormMlp(4)
    assert has_grn(grn) and not is_plain(grn)
    for other in (
        Mlp(4, act_layer=nn.ReLU),
        Mlp(4, act_layer=lambda: nn.GELU('tanh')),
        Mlp(4, norm_layer=nn.LayerNorm),
        Mlp(4, use_conv=True),
        nn.Identity(),
    ):
        assert not is_plain(other) and not has_grn(other)
