"""prepare_for_inference: the same results without batch norms."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmseg.registry import MODELS
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from xnet_mm.fast import prepare, prepare_for_inference

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


def tensors(model):
    """What a model holds, and how its modules are called."""
    state = {k: v.clone() for k, v in model.state_dict().items()}
    return state, {name: type(m) for name, m in model.named_modules()}


def assert_untouched(model, image, output, held):
    """Bit for bit as before, in outputs, weights, classes and modes."""
    state, kinds = tensors(model)
    assert kinds == held[1]
    assert state.keys() == held[0].keys()
    assert all(torch.equal(state[k], held[0][k]) for k in state)
    with torch.no_grad():
        assert torch.equal(model(image, mode='tensor'), output)


@pytest.fixture
def trained():
    """A model in eval mode, an image, its output, and what it holds."""
    model = build(
        'camvid/xnet_effnet-lite0_effnet-lite0_1xb4-2k_camvid-192x256.py'
    )
    image = torch.randn(1, 3, 96, 128)
    with torch.no_grad():
        output = model(image, mode='tensor')
    return model, image, output, tensors(model)


@pytest.mark.parametrize(
    'where',
    [
        'backbone.encoder.conv_stem.weight',
        'neck.reshape.norm.weight',
        'decode_head.conv_seg.bias',
    ],
)
@pytest.mark.parametrize('value', [float('nan'), -float('inf')])
def test_nan_in_a_weight_is_an_error(where, value):
    model = build(
        'camvid/xnet_effnet-lite0_effnet-lite0_1xb4-2k_camvid-192x256.py'
    )
    model.get_parameter(where).data.view(-1)[0] = value
    held = tensors(model)
    with pytest.raises(RuntimeError, match=f'infinity in 1 tensor .{where}'):
        prepare_for_inference(model)
    assert tensors(model)[1] == held[1]
    assert any(isinstance(m, _BatchNorm) for m in model.modules())


class Diverging(nn.Module):
    """Finite weights, but an infinite result: never "the same"."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)

    def forward(self, x, mode='tensor'):
        return self.conv(x) / 0


def test_an_infinite_result_is_not_the_same_as_itself():
    with pytest.raises(RuntimeError, match='Diverging: other results'):
        prepare_for_inference(Diverging())


STEPS = ['accelerate', 'fold', 'fold_probe', '_compare', 'convert']


@pytest.mark.parametrize('step', STEPS)
def test_after_any_failure_all_is_as_before(step, trained, monkeypatch):
    """Each step in turn fails when it has done half of its work."""
    model, image, output, held = trained
    real = getattr(prepare, step)
    calls = []

    def fail(*args):
        calls.append(real(*args))
        if step != 'fold' or len(calls) > 5:
            raise MemoryError('no room')

    monkeypatch.setattr(prepare, step, fail)
    with pytest.raises(MemoryError, match='no room'):
        prepare_for_inference(model, torch.bfloat16)
    assert_untouched(model, image, output, held)
    monkeypatch.undo()
    with torch.no_grad():  # and it can still be prepared
        ours = prepare_for_inference(model)(image, mode='tensor')
    assert (ours - output).abs().max() < 1e-4 * output.abs().max()


def test_a_model_in_training_stays_in_training(trained, monkeypatch):
    model, *_ = trained
    model.train()
    monkeypatch.setattr(
        prepare, '_compare', lambda *_: (_ for _ in ()).throw(KeyError('x'))
    )
    with pytest.raises(KeyError):
        prepare_for_inference(model)
    assert all(module.training for module in model.modules())


def test_the_log_says_what_was_done(trained, monkeypatch):
    said = []
    monkeypatch.setattr(
        prepare, 'print_log', lambda text, **_: said.append(text)
    )
    model, *_ = trained
    prepare_for_inference(model)
    prepare_for_inference(model, torch.bfloat16)
    assert said == [
        'EncoderDecoder prepared for inference: runs in float32; 96 batch '
        'norms folded',
        'EncoderDecoder prepared for inference: runs in bfloat16, all '
        'weights converted; 0 batch norms folded',
    ]


def test_the_probe_is_folded(trained):
    model, *_ = trained
    prepare_for_inference(model)
    assert isinstance(model.decode_head.conv_seg, nn.Identity)
    assert model.decode_head.pfp.fuse.project.out_features == 11
