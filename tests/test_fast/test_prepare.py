"""prepare_for_inference: the same results without batch norms."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmseg.registry import MODELS
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from xnet_mm.fast import prepare_for_inference

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'


def build(path):
    cfg = Config.fromfile(CONFIGS / path)
    for box in ('backbone', 'neck'):
        if cfg.model.get(box):
            cfg.model[box].weights = None
    torch.manual_seed(0)
    model = revert_sync_batchnorm(MODELS.build(cfg.model))
    for module in model.modules():
        if isinstance(module, _BatchNorm):  # not what they start with
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.1)
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    return model.eval()


@pytest.mark.parametrize(
    'path',
    [
        'camvid/xnet_effnet-lite0_effnet-lite0_1xb4-2k_camvid-192x256.py',
        'baselines/hololens/upernet_effnet-lite0_1xb4-2k_hololens-192x256.py',
    ],
)
@torch.no_grad()
def test_all_batch_norms_are_folded_exactly(path):
    model = build(path)
    image = torch.randn(2, 3, 96, 128)
    wanted = model(image, mode='tensor')
    assert any(isinstance(m, _BatchNorm) for m in model.modules())
    assert prepare_for_inference(model) is model
    decode = [
        m
        for name, m in model.named_modules()
        if isinstance(m, _BatchNorm) and not name.startswith('auxiliary')
    ]
    assert decode == []
    ours = model(image, mode='tensor')
    assert (ours - wanted).abs().max() < 1e-4 * wanted.abs().max()


class Odd(nn.Module):
    """A norm after an activation, and a convolution that runs twice."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)
        self.norm = nn.BatchNorm2d(3)
        self.twice = nn.Conv2d(3, 3, 1)
        self.after = nn.BatchNorm2d(3)

    def forward(self, x, mode='tensor'):
        x = self.norm(self.conv(x).relu())
        return self.after(self.twice(self.twice(x)))


def test_what_cannot_be_folded_stays():
    model = Odd()
    prepare_for_inference(model)
    assert isinstance(model.norm, nn.BatchNorm2d)
    assert isinstance(model.after, nn.BatchNorm2d)


class Unsteady(nn.Module):
    """Other results at each call, which no rewriting explains."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)
        self.calls = 0

    def forward(self, x, mode='tensor'):
        self.calls += 1
        return self.conv(x) * self.calls


def test_other_results_are_an_error():
    with pytest.raises(RuntimeError, match='Unsteady: other results after 0'):
        prepare_for_inference(Unsteady())
