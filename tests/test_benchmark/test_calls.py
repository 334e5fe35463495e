"""What is timed: the model's own prediction, and a real training step."""

from functools import partial

import pytest
import torch
from benched import HandClock, Named, subject
from mmengine.config import Config
from needs import COMPILED
from tiny import CONFIGS
from torch import nn

from xnet_mm.benchmark import Setting, build_subject
from xnet_mm.benchmark.calls import eager_call, exported_call, torch_call
from xnet_mm.benchmark.subject import make_batch

SMALL = 'camvid/xnet_effnet-lite0_effnet-lite0_1xb4-2k_camvid-192x256.py'


@pytest.mark.parametrize(
    'mode',
    ['onnxruntime', pytest.param('openvino', marks=pytest.mark.heavy)],
)
def test_an_exported_file_gives_the_models_own_logits(mode):
    pytest.importorskip(mode)
    model = build_subject('A', Config.fromfile(CONFIGS / SMALL), 'cpu').model
    setting = Setting((96, 64), batch=2, mode=mode)
    got = exported_call(model, setting)()
    preprocessor = model.data_preprocessor
    image = make_batch(2, (96, 64), 'cpu')
    image = (image - preprocessor.mean) / preprocessor.std
    metas = [dict(img_shape=(96, 64))] * 2
    with torch.no_grad():
        wanted = model.encode_decode(image, metas)
    assert got.shape == wanted.shape
    error = abs(torch.from_numpy(got) - wanted).max() / abs(wanted).max()
    assert error < 1e-4


def test_a_prediction_is_encode_decode_without_gradients():
    model = subject('A', []).model
    out = eager_call(model, Setting((4, 6), batch=5), HandClock())()
    assert not out.requires_grad
    assert torch.equal(out, model.conv(make_batch(5, (4, 6), 'cpu')))


class Head(nn.Module):
    num_classes = 2


class Trained(nn.Module):
    """Two weights; the loss is the mean of their product with the image."""

    def __init__(self):
        super().__init__()
        self.decode_head = Head()
        self.weight = nn.Parameter(torch.tensor(2.0))
        self.frozen = nn.Parameter(torch.tensor(3.0), requires_grad=False)

    def loss(self, images, samples):
        assert len(samples) == len(images) == 2
        return (self.weight * self.frozen * images.abs()).mean()

    def parse_losses(self, loss):
        return loss, {}


def test_a_training_step_updates_the_weights_and_drops_the_gradients():
    model = Trained()
    step = eager_call(model, Setting((4, 6), 2, train=True), HandClock())
    step()
    # AdamW's first step is the learning rate, and decay 1e-2 of it.
    wanted = 2 * (1 - 1e-5 * 1e-2) - 1e-5
    assert model.weight.item() == pytest.approx(wanted, abs=1e-6)
    assert model.weight.item() < 2
    assert model.frozen.item() == 3 and model.weight.grad is None


class Broken(Named):
    def encode_decode(self, image, metas):
        half = self.conv(image)
        torch._dynamo.graph_break()
        return 2 * half


@COMPILED
@pytest.mark.parametrize(('kind', 'breaks'), [(Named, False), (Broken, True)])
def test_the_compiled_call_notes_the_breaks_of_its_graph(
    monkeypatch, kind, breaks
):
    """Traced as ever; no compiler is at work, which would take a while."""
    monkeypatch.setattr(
        torch, 'compile', partial(torch.compile, backend='eager')
    )
    torch._dynamo.reset()
    model, record = kind('A', []).eval(), {}
    call = torch_call(
        model, Setting((4, 6), mode='compiled'), HandClock(), record
    )
    wanted = (1 + breaks) * model.conv(make_batch(1, (4, 6), 'cpu'))
    torch.testing.assert_close(call(), wanted)
    assert bool(record['graph_breaks']) == breaks
