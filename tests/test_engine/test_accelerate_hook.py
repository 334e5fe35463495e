"""A run's model is exchanged before the run, and the log says so."""

from types import SimpleNamespace

import torch
from torch import nn

from xnet_mm.engine import AccelerateHook
from xnet_mm.fast import restore
from xnet_mm.fast.linear import FastLinear


def test_model_of_a_run():
    lines = []
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    x = torch.rand(5, 3)
    expected = model(x)
    runner = SimpleNamespace(
        model=model, logger=SimpleNamespace(info=lines.append)
    )
    AccelerateHook().before_run(runner)
    assert [type(m) for m in model] == [FastLinear, nn.ReLU, FastLinear]
    torch.testing.assert_close(model(x), expected)
    assert lines == [
        'AccelerateHook: 2 modules run by faster code, same weights and '
        'results.'
    ]
    assert type(restore(model)[0]) is nn.Linear
