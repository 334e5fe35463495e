"""The scale-invariant log loss against its formula, pixel by pixel."""

import math

import pytest
import torch
from torch import tensor

from xnet_mm.models import ScaleInvariantLogLoss


def slow_loss(depth, truth, valid, variance_focus, loss_weight):
    """Eigen et al.'s formula over all valid pixels, in double precision."""
    errors = [
        math.log(d) - math.log(g)
        for d, g, v in zip(
            depth.flatten().tolist(),
            truth.flatten().tolist(),
            valid.flatten().tolist(),
            strict=True,
        )
        if v
    ]
    mean = sum(errors) / len(errors)
    square = sum(e * e for e in errors) / len(errors)
    return loss_weight * math.sqrt(square - variance_focus * mean**2 + 1e-6)


@pytest.mark.parametrize('variance_focus, weight', [(0.85, 10.0), (0.5, 1.0)])
def test_equals_the_formula(variance_focus, weight):
    generator = torch.Generator().manual_seed(0)
    depth, truth = torch.rand(2, 3, 1, 7, 5, generator=generator) * 9 + 0.1
    valid = torch.rand(3, 1, 7, 5, generator=generator) > 0.4
    loss = ScaleInvariantLogLoss(variance_focus, weight)
    assert loss(depth, truth, valid).item() == pytest.approx(
        slow_loss(depth, truth, valid, variance_focus, weight), rel=1e-5
    )


def test_hand_worked_value():
    # e = ln 2 and 0: sqrt(ln2^2/2 - 0.85 (ln2/2)^2) = 0.3717 by hand.
    loss = ScaleInvariantLogLoss(loss_weight=1.0)
    value = loss(tensor([2.0, 3.0]), tensor([1.0, 3.0]), tensor([True, True]))
    assert value.item() == pytest.approx(0.37165, abs=1e-4)


def toolbox_loss(depth, truth, eps, correction):
    """sqrt(var(e) + 0.15 mean(e)^2), times 10, in its variants."""
    error = (depth + eps).log() - (truth + eps).log()
    variance = error.var(correction=correction)
    return 10 * (variance + 0.15 * error.mean() ** 2).sqrt()


@pytest.mark.parametrize(
    ('eps', 'correction', 'value_apart', 'gradient_apart'),
    [
        (0, 0, (0, 1e-4), (0, 1e-4)),  # but for the root's 1e-6, the same
        (1e-3, 1, (2e-4, 6e-4), (3e-3, 7e-3)),  # BinsFormer, DepthFormer
    ],
)
def test_how_close_the_form_of_variances_is(
    eps, correction, value_apart, gradient_apart
):
    generator = torch.Generator().manual_seed(0)
    truth = torch.rand(50000, generator=generator, dtype=torch.float64)
    truth = 0.5 + 9.5 * truth
    noise = torch.randn(50000, generator=generator, dtype=torch.float64)
    depth = (truth * (0.1 * noise).exp()).requires_grad_()
    theirs = toolbox_loss(depth, truth, eps, correction)
    ours = ScaleInvariantLogLoss()(depth, truth, truth > 0)
    low, high = value_apart
    assert low <= abs(ours.item() / theirs.item() - 1) <= high
    wanted, got = (torch.autograd.grad(x, depth)[0] for x in (theirs, ours))
    low, high = gradient_apart
    assert low <= (got - wanted).abs().max() / wanted.abs().max() <= high


def test_invalid_pixels_get_no_gradient_and_do_not_count():
    depth = tensor([1.0, 2.0, 5.0], requires_grad=True)
    truth = tensor([2.0, 1.0, 0.0])
    loss = ScaleInvariantLogLoss()(depth, truth, truth > 0)
    loss.backward()
    assert depth.grad[2] == 0
    assert (depth.grad[:2] != 0).all()
    alone = ScaleInvariantLogLoss()(depth[:2], truth[:2], truth[:2] > 0)
    assert loss.item() == pytest.approx(alone.item(), rel=1e-6)


def test_gradient_is_finite_where_the_error_is_zero():
    depth = torch.full((4,), 3.0, requires_grad=True)
    ScaleInvariantLogLoss()(
        depth, depth.detach(), torch.ones(4).bool()
    ).backward()
    assert depth.grad.isfinite().all()


def test_image_without_truth_counts_for_nothing():
    depth = torch.full((2, 1, 2, 2), 3.0, requires_grad=True)
    truth = torch.full((2, 1, 2, 2), 2.0)
    truth[1] = 0
    both = ScaleInvariantLogLoss()(depth, truth, truth > 0)
    one = ScaleInvariantLogLoss()(depth[:1], truth[:1], truth[:1] > 0)
    assert both.item() == pytest.approx(one.item(), rel=1e-6)


def test_batch_without_truth_is_zero_with_a_gradient():
    depth = torch.full((2, 2), 3.0, requires_grad=True)
    truth = torch.zeros(2, 2)
    loss = ScaleInvariantLogLoss()(depth, truth, truth > 0)
    loss.backward()
    assert loss.item() == 0
    assert (depth.grad == 0).all()


def test_half_precision_is_computed_in_full():
    depth = torch.linspace(79.0, 80.0, 64)
    truth = torch.full((64,), 79.5)
    valid = torch.ones(64).bool()
    wanted = ScaleInvariantLogLoss()(depth, truth, valid)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        loss = ScaleInvariantLogLoss()(depth, truth, valid)
    assert loss.dtype == torch.float32
    assert loss.item() == wanted.item()


def test_error():
    with pytest.raises(ValueError, match=r'variance_focus=85.*0 to 1'):
        ScaleInvariantLogLoss(variance_focus=85)


@pytest.mark.parametrize(
    ('option', 'message'),
    [
        (dict(variance_focus=float('nan')), 'variance_focus=nan'),
        (dict(loss_weight=0), 'loss_weight=0; wanted a finite number above 0'),
        (dict(loss_weight=float('inf')), 'loss_weight=inf; wanted a finite'),
        (dict(eps=0.0), r'eps=0\.0; wanted a finite number above 0'),
        (dict(loss_name='silog'), "loss_name='silog'; .*train nothing"),
    ],
)
def test_arguments(option, message):
    with pytest.raises(ValueError, match=message):
        ScaleInvariantLogLoss(**option)
