"""Lovasz-Softmax against its definition, set by set, and mmseg's."""

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS as ROOT
from mmseg.models.losses import LovaszLoss
from torch import tensor

from xnet_mm.models import LovaszSoftmaxLoss
from xnet_mm.models.lovasz_loss import _jaccard_growth, _worst_first


def jaccard_loss(wrong, truth):
    """1 - I/U of the truth and of what is predicted with `wrong` wrong."""
    predicted = {i for i, t in enumerate(truth) if t != (i in wrong)}
    truth = {i for i, t in enumerate(truth) if t}
    if not predicted | truth:
        return 0.0
    return 1 - len(predicted & truth) / len(predicted | truth)


def slow_growth(errors, truth):
    """The definition: how much the Jaccard loss grows, pixel by pixel."""
    order = sorted(range(len(errors)), key=lambda i: -errors[i])
    growth, wrong = [0.0] * len(errors), set()
    for i in order:
        growth[i] = jaccard_loss(wrong | {i}, truth) - jaccard_loss(
            wrong, truth
        )
        wrong.add(i)
    return growth


def slow_loss(logits, label, ignored, classes=None):
    """In double precision, over the pixels that count."""
    chance = logits.double().softmax(1).transpose(0, 1).flatten(1)
    keep = label.flatten() != ignored
    chance, label = chance[:, keep], label.flatten()[keep].tolist()
    losses = []
    for c in sorted(set(label)) if classes is None else classes:
        truth = [one == c for one in label]
        errors = [
            abs(t - p) for t, p in zip(truth, chance[c].tolist(), strict=True)
        ]
        growth = slow_growth(errors, truth)
        losses.append(sum(e * g for e, g in zip(errors, growth, strict=True)))
    return sum(losses) / len(losses)


def case(seed, ignored=255, share=0.2, classes=4):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(2, classes, 5, 7, generator=generator) * 2
    label = torch.randint(0, classes - 1, (2, 5, 7), generator=generator)
    label[torch.rand(2, 5, 7, generator=generator) < share] = ignored
    return logits, label


@pytest.mark.parametrize('seed', range(4))
@pytest.mark.parametrize('ignored', [255, 100, -100])
@pytest.mark.parametrize('classes', [None, [0, 2], [0, 1, 2, 3]])
def test_equals_the_definition(seed, ignored, classes):
    logits, label = case(seed, ignored)
    options = {} if classes is None else dict(classes=classes)
    value = LovaszSoftmaxLoss(**options)(logits, label, ignore_index=ignored)
    wanted = slow_loss(logits, label, ignored, classes)
    assert value.item() == pytest.approx(wanted, rel=1e-5)


def test_hand_worked_value():
    # One class of two, four pixels, two of it. Errors .6 (its own), .4
    # (other), .3 (its own), .1 (other), so 1 - I/U after each: 1/2, 2/3, 1, 1;
    # growth 1/2, 1/6, 1/3, 0; loss .3 + .0667 + .1 = .4667.
    chance = tensor([0.4, 0.4, 0.7, 0.1])
    logits = torch.stack([chance, 1 - chance]).log().view(1, 2, 1, 4)
    label = tensor([[[0, 1, 0, 1]]])
    value = LovaszSoftmaxLoss(classes=[0])(logits, label)
    assert value.item() == pytest.approx(0.7 / 1.5, rel=1e-5)


@pytest.mark.parametrize('options', [{}, dict(classes='all')])
def test_equals_mmseg(options):
    logits, label = case(7, share=0.0)
    kept = [logits.clone().requires_grad_() for _ in range(2)]
    mine = LovaszSoftmaxLoss(loss_weight=0.5, **options)
    peer = LovaszLoss(reduction='none', loss_weight=0.5, **options)
    values = [
        loss(one, label, ignore_index=255)
        for loss, one in zip((mine, peer), kept, strict=True)
    ]
    for value in values:
        value.backward()
    torch.testing.assert_close(values[0], values[1])
    torch.testing.assert_close(kept[0].grad, kept[1].grad)


def test_ignored_pixels_have_no_part():
    logits, label = case(3)
    logits.requires_grad_()
    value = LovaszSoftmaxLoss()(logits, label)
    value.backward()
    ignored = (label == 255)[:, None].expand_as(logits)
    assert ignored.any()
    assert logits.grad[ignored].abs().max() == 0
    assert logits.grad[~ignored].abs().min() > 0
    changed = logits.detach().clone()
    changed[ignored] = 30 * torch.randn(int(ignored.sum()))
    torch.testing.assert_close(LovaszSoftmaxLoss()(changed, label), value)


@pytest.mark.parametrize('classes', ['present', 'all', [1]])
def test_nothing_counts(classes):
    logits, label = case(5)
    logits.requires_grad_()
    value = LovaszSoftmaxLoss(classes=classes)(
        logits, torch.full_like(label, 255)
    )
    value.backward()
    assert value.item() == 0
    assert logits.grad.abs().max() == 0


def test_large_batches_keep_their_digits():
    # The float32 difference of mmseg's is off by percents of itself here.
    generator = torch.Generator().manual_seed(0)
    error = torch.rand(500_000, generator=generator)
    truth = torch.rand(500_000, generator=generator) < 0.3
    order = np.argsort(-error.numpy(), kind='stable')
    sorted_truth = truth.numpy()[order].astype(np.float64)
    wrong = sorted_truth.cumsum()
    union = sorted_truth.sum() + (1 - sorted_truth).cumsum()
    jaccard = 1 - (sorted_truth.sum() - wrong) / union
    wanted = np.empty(500_000)
    wanted[order] = np.diff(jaccard, prepend=0)
    growth = _jaccard_growth(error, truth)
    np.testing.assert_allclose(growth, wanted, rtol=1e-5, atol=1e-15)


def test_equal_errors_stand_as_they_came():
    generator = torch.Generator().manual_seed(1)
    error = torch.randint(0, 5, (5_000,), generator=generator) / 4
    order = sorted(range(5_000), key=lambda i: -error[i].item())
    assert _worst_first(error).tolist() == order
    assert _worst_first(error.double()).tolist() == order


def test_smallest_and_largest_floats_are_sorted():
    error = tensor([0.0, 1e-45, 1.0, 1e-38, 3e38, 0.9999999, 0.0])
    assert _worst_first(error).tolist() == [4, 2, 5, 3, 1, 0, 6]


def test_nan_stays_visible():
    logits, label = case(2)
    logits[0, 0, 0, 0] = float('nan')
    label[0, 0, 0] = 1
    assert LovaszSoftmaxLoss()(logits, label).isnan()


def test_float32_under_autocast():
    logits, label = case(4)
    half = logits.bfloat16()
    with torch.autocast('cpu', torch.bfloat16):
        value = LovaszSoftmaxLoss()(half, label)
    assert value.dtype == torch.float32
    torch.testing.assert_close(
        value, LovaszSoftmaxLoss()(half.float(), label), rtol=0, atol=0
    )


def test_a_head_takes_it():
    loss = ROOT.build(dict(type='xnet_mm.LovaszSoftmaxLoss'))
    logits, label = case(6)
    value = loss(logits, label, weight=None, ignore_index=255)
    torch.testing.assert_close(value, LovaszSoftmaxLoss()(logits, label))
    assert loss.loss_name == 'loss_lovasz'


@pytest.mark.parametrize('classes', ['some', [], [-1], [0.5], [1, 1], 3, None])
def test_classes_that_are_none(classes):
    with pytest.raises(ValueError, match="wanted 'present', 'all' or a list"):
        LovaszSoftmaxLoss(classes=classes)


def test_classes_that_the_head_lacks():
    logits, label = case(0)
    with pytest.raises(
        ValueError, match=r'classes has \[4, 9\], the head 4 classes, 0 to 3'
    ):
        LovaszSoftmaxLoss(classes=[1, 4, 9])(logits, label)


def test_a_name_that_is_not_summed():
    with pytest.raises(ValueError, match='would train nothing'):
        LovaszSoftmaxLoss(loss_name='lovasz')


@pytest.mark.parametrize('weight', [-1, float('nan'), 'one'])
def test_a_weight_that_is_none(weight):
    with pytest.raises(ValueError, match='loss_weight'):
        LovaszSoftmaxLoss(loss_weight=weight)
