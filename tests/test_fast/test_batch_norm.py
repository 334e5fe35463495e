"""Which batch norms are folded, seen in a run; and what folding gives."""

import pytest
import torch
from torch import nn

from xnet_mm.fast.batch_norm import find_pairs, fold


class Model(nn.Module):
    """Some modules in the order that `run` gives them."""

    def __init__(self, run):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)
        self.norm, self.other = nn.BatchNorm2d(3), nn.BatchNorm2d(3)
        for norm in (self.norm, self.other):
            nn.init.uniform_(norm.weight, 0.5, 1.5)
            nn.init.normal_(norm.bias)
            nn.init.normal_(norm.running_mean)
            nn.init.uniform_(norm.running_var, 0.5, 1.5)
        self.run = run

    def forward(self, x, mode='tensor'):
        return self.run(self, x)


CASES = {
    'one after the other': (
        lambda m, x: m.other(m.b(m.norm(m.a(x)))),
        {'norm': 'a', 'other': 'b'},
    ),
    # Registration order says a-norm, the run says b-norm.
    'not as registered': (lambda m, x: m.norm(m.b(m.a(x))), {'norm': 'b'}),
    'activation between': (lambda m, x: m.norm(m.a(x).relu()), {}),
    'a convolution that runs twice': (lambda m, x: m.norm(m.a(m.a(x))), {}),
    'a norm that runs twice': (
        lambda m, x: m.norm(m.a(x)) + m.norm(m.b(x)),
        {},
    ),
    'two norms of one map': (
        lambda m, x: (lambda y: m.norm(y) + m.other(y))(m.a(x)),
        {},
    ),
}


@pytest.mark.parametrize('case', CASES)
@torch.no_grad()
def test_pairs(case):
    run, wanted = CASES[case]
    model = Model(run).eval()
    image = torch.randn(1, 3, 6, 8)
    pairs, outputs = find_pairs(model, image)
    names = {module: name for name, module in model.named_modules()}
    assert {names[n]: names[c] for n, c in pairs.items()} == wanted
    assert torch.equal(outputs[0], model(image))
    hooked = [m for m in model.modules() if m._forward_hooks]
    assert hooked == []


@torch.no_grad()
def test_no_hook_is_left_after_an_error():
    def run(model, x):
        raise RuntimeError('no')

    model = Model(run).eval()
    with pytest.raises(RuntimeError, match='no'):
        find_pairs(model, torch.randn(1, 3, 6, 8))
    assert not any(
        m._forward_hooks or m._forward_pre_hooks for m in model.modules()
    )


@torch.no_grad()
def test_fold_by_the_formula():
    model = Model(None).eval()
    convolution, norm = model.a, model.norm
    held, copy = convolution.weight, convolution.weight.clone()
    x = torch.randn(2, 3, 6, 8)
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    y = nn.functional.conv2d(x, copy, convolution.bias)
    y = (y - norm.running_mean[:, None, None]) * scale[:, None, None]
    wanted = y + norm.bias[:, None, None]
    fold(convolution, norm)
    torch.testing.assert_close(convolution(x), wanted, rtol=1e-5, atol=1e-5)
    assert torch.equal(held, copy)  # replaced, not written to
