"""A frozen encoder: nothing of it changes, all that follows learns."""

import copy

import pytest
import torch
from tiny_boxes import (
    LITE0,
    RESNET,
    SWIN,
    depth_peer,
    samples,
    segmentor,
    train_step,
)
from torch.nn.modules.batchnorm import _BatchNorm
from torch.testing import assert_close

from xnet_mm.fast.accelerate import accelerate
from xnet_mm.models import PretrainedEncoder, PretrainedPyramid

FROZEN = dict(frozen=True)
DROPS = dict(SWIN, drop_path_rate=0.5, attn_drop_rate=0.5)
ENCODERS = {
    'timm, batch norm': 'resnet10t',
    'timm, dropout': DROPS,
    'mmseg': RESNET,
}
ids = dict(ids=ENCODERS.keys())


def state(module):
    """All parameters and buffers, as they are now."""
    return copy.deepcopy(module.state_dict())


@pytest.mark.parametrize('encoder', ENCODERS.values(), **ids)
def test_a_step_changes_all_but_the_encoder(encoder):
    model = segmentor(encoder, backbone=FROZEN, neck=dict(mix_init='random'))
    accelerate(model)  # as AccelerateHook does
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    before = state(model)
    train_step(model)  # of what is not frozen all gets a gradient
    assert all(p.grad is None for p in model.backbone.parameters())
    optimizer.step()
    after = state(model)
    for name, parameter in model.named_parameters():
        is_encoder = name.startswith('backbone.')
        assert parameter.requires_grad != is_encoder
        assert torch.equal(after[name], before[name]) == is_encoder, name
    for name, tensor in after.items():  # running statistics too
        if name.startswith('backbone.'):
            assert torch.equal(tensor, before[name]), name


@pytest.mark.parametrize('encoder', ENCODERS.values(), **ids)
def test_eval_mode_stays(encoder):
    model = segmentor(encoder, backbone=FROZEN)
    for mode in (True, False, True):
        model.train(mode)
        assert not any(m.training for m in model.backbone.encoder.modules())
        assert all(m.training == mode for m in model.neck.modules())
        assert all(m.training == mode for m in model.decode_head.modules())
    image = torch.randn(2, 3, 64, 96)
    feature = model.backbone(image)[1]
    assert torch.equal(feature, model.backbone(image)[1])  # nothing drops
    assert_close(feature, model.eval().backbone(image)[1])


def kept_for_backward(encoder, image):
    """Bytes of what autograd keeps while the encoder runs."""
    sizes = []

    def keep(tensor):
        sizes.append(tensor.numel() * tensor.element_size())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda t: t):
        feature = encoder(image)[-1]
    return sum(sizes), feature


@pytest.mark.parametrize('kind', [PretrainedEncoder, PretrainedPyramid])
@pytest.mark.parametrize('with_cp', [False, True])
def test_nothing_is_kept_for_a_backward_pass(kind, with_cp):
    image = torch.randn(1, 3, 64, 96)
    learns = kind(SWIN, with_cp=with_cp).train()
    frozen = kind(SWIN, with_cp=with_cp, frozen=True).train()
    kept, feature = kept_for_backward(learns, image)
    assert kept > 0 and feature.requires_grad
    kept, feature = kept_for_backward(frozen, image)
    assert kept == 0 and not feature.requires_grad


def test_a_gradient_reaches_the_image():
    """Of whoever asks for it: adversarial images, saliency."""
    encoder = PretrainedEncoder('resnet10t', frozen=True)
    image = torch.randn(1, 3, 64, 96, requires_grad=True)
    encoder(image)[1].sum().backward()
    assert image.grad.abs().sum() > 0


def test_weights_are_loaded():
    encoder = PretrainedEncoder('tf_efficientnet_lite0', LITE0, frozen=True)
    trained = PretrainedEncoder('tf_efficientnet_lite0', LITE0)
    before = state(encoder)
    for each in (encoder, trained):
        each.init_weights()
    wanted = trained.state_dict()
    for name, tensor in encoder.state_dict().items():
        assert torch.equal(tensor, wanted[name]), name
    assert not torch.equal(
        before['encoder.conv_stem.weight'], wanted['encoder.conv_stem.weight']
    )
    assert not any(p.requires_grad for p in encoder.parameters())


def test_an_unfrozen_checkpoint_gives_the_same_maps():
    """The names of the tensors are the same, frozen or not."""
    learned = segmentor('resnet10t').eval()
    frozen = segmentor('resnet10t', backbone=FROZEN).eval()
    frozen.load_state_dict(learned.state_dict())
    inputs, _ = samples((64, 96))
    with torch.no_grad():
        for ours, theirs in zip(
            frozen.extract_feat(inputs),
            learned.extract_feat(inputs),
            strict=True,
        ):
            assert torch.equal(ours, theirs)


def test_synchronised_batch_norm_stays_in_eval_mode():
    """What `convert_sync_batchnorm` puts in runs as its predecessor."""
    model = segmentor('resnet10t', backbone=FROZEN)
    model = torch.nn.SyncBatchNorm.convert_sync_batchnorm(model).train()
    norms = [m for m in model.backbone.modules() if isinstance(m, _BatchNorm)]
    assert norms and not any(m.training for m in norms)


def test_a_peer_learns_on_a_frozen_pyramid():
    model = depth_peer('DPTDepthHead')
    pyramid = PretrainedPyramid('convnext_atto', frozen=True)
    pyramid.load_state_dict(model.backbone.state_dict())
    model.backbone = pyramid
    model.train()
    loss = model.decode_head(model.extract_feat(torch.randn(2, 3, 64, 96)))
    loss.sum().backward()
    for name, parameter in model.named_parameters():
        is_encoder = name.startswith('backbone.')
        assert (parameter.grad is None) == is_encoder, name


@pytest.mark.parametrize('value', ['no', 1, None, 2.0])
def test_neither_true_nor_false(value):
    with pytest.raises(ValueError, match=r'frozen=.*; wanted True, False'):
        PretrainedEncoder('resnet10t', frozen=value)
