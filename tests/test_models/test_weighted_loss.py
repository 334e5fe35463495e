"""Class weights, pixel by pixel, and where mmseg's own would fail."""

import json
import math

import numpy as np
import pytest
import torch
from config_files import CONFIGS
from mmengine.config import Config
from mmseg.models.losses import CrossEntropyLoss, cross_entropy_loss
from mmseg.registry import MODELS
from torch import nn, tensor

from xnet_mm.models import PFPHead, WeightedCrossEntropyLoss
from xnet_mm.models.weighted_loss import with_weighted_loss

WEIGHTS = [0.9, 0.75, 3.6, 0.0, 6.7]
OURS = 'xnet_mm.WeightedCrossEntropyLoss'
PFP_HEAD = dict(
    in_channels=[8],
    in_strides=[4],
    num_classes=5,
    channels=4,
    pyramid_channels=4,
)


@pytest.fixture
def batch():
    """Logits (2,5,6,7) and labels, a third of them ignored."""
    generator = torch.Generator().manual_seed(0)
    scores = 3 * torch.randn(2, 5, 6, 7, generator=generator)
    label = torch.randint(5, (2, 6, 7), generator=generator)
    label[torch.rand(2, 6, 7, generator=generator) < 0.33] = 255
    return scores.requires_grad_(), label


def slow_loss(scores, label, weights, ignored=255, each=None):
    """One pixel after the other, in double precision."""
    total, above = 0.0, 0.0
    for b, y, x in np.ndindex(*label.shape):
        k = label[b, y, x].item()
        if k == ignored:
            continue
        logits = scores[b, :, y, x].tolist()
        entropy = math.log(sum(map(math.exp, logits))) - logits[k]
        factor = 1.0 if each is None else each[b, y, x].item()
        above += factor * weights[k] * entropy
        total += weights[k]
    return above / total


def failing(*args, **kwargs):
    """What OpenMMLab's 1.2.2 comes to at id 255."""
    raise IndexError('index 255 is out of bounds')


@pytest.mark.parametrize('ignored', [255, 4])
@pytest.mark.parametrize('loss_weight', [1.0, 0.4])
def test_is_the_weighted_mean_of_what_counts(
    ignored, loss_weight, batch, monkeypatch
):
    scores, label = batch
    if ignored != 255:  # another id: 255 has become it
        label = label.masked_fill(label == 255, ignored)
    monkeypatch.setattr(cross_entropy_loss, 'cross_entropy', failing)
    loss = WeightedCrossEntropyLoss(WEIGHTS, loss_weight=loss_weight)
    value = loss(scores, label, ignore_index=ignored)
    wanted = slow_loss(scores, label, WEIGHTS, ignored)
    assert value.item() == pytest.approx(loss_weight * wanted, rel=1e-6)


def test_value_and_gradient_by_hand():
    # Two pixels, ln 4 and ln 4 - ln 3 with weights 3 and 1, one ignored.
    scores = torch.zeros(1, 2, 1, 3, requires_grad=True)
    with torch.no_grad():
        scores[0, 0, 0, :] = math.log(3)
    label = tensor([[[1, 0, 255]]])
    loss = WeightedCrossEntropyLoss([1.0, 3.0])(
        scores, label, ignore_index=255
    )
    loss.backward()
    wanted = (3 * math.log(4) + math.log(4 / 3)) / 4
    assert loss.item() == pytest.approx(wanted, rel=1e-6)
    # weight / 4 * (softmax - target): softmax is 3/4, 1/4.
    wanted = tensor([[9 / 16, -1 / 16, 0], [-9 / 16, 1 / 16, 0]])
    torch.testing.assert_close(scores.grad[0, :, 0], wanted)


@pytest.mark.parametrize('avg_non_ignore', [False, True])
def test_mmsegs_own_values_where_nothing_is_ignored(avg_non_ignore, batch):
    scores, label = batch
    label = label.masked_fill(label == 255, 2)
    values, gradients = [], []
    for kind in (CrossEntropyLoss, WeightedCrossEntropyLoss):
        loss = kind(class_weight=WEIGHTS, avg_non_ignore=False)
        ours = kind is WeightedCrossEntropyLoss
        loss.avg_non_ignore = avg_non_ignore and ours
        values.append(loss(scores, label, ignore_index=255))
        gradients.append(torch.autograd.grad(values[-1], scores)[0])
    torch.testing.assert_close(*values, rtol=1e-6, atol=0)
    torch.testing.assert_close(*gradients, rtol=1e-6, atol=1e-9)


def test_mmsegs_own_values_where_it_can(batch):
    scores, label = batch
    theirs = CrossEntropyLoss(class_weight=WEIGHTS)
    try:
        wanted = theirs(scores, label, ignore_index=255)
    except IndexError:
        pytest.skip('this mmseg looks up the weight of id 255')
    value = WeightedCrossEntropyLoss(WEIGHTS)(scores, label, ignore_index=255)
    torch.testing.assert_close(value, wanted, rtol=1e-6, atol=0)


@pytest.mark.parametrize('reduction', ['none', 'sum', 'mean'])
def test_reductions_and_weights_of_pixels(reduction, batch):
    scores, label = batch
    each = torch.rand(label.shape, generator=torch.Generator().manual_seed(1))
    loss = WeightedCrossEntropyLoss(WEIGHTS, reduction=reduction)
    value = loss(scores, label, weight=each, ignore_index=255)
    total = sum(WEIGHTS[k] for k in label.flatten().tolist() if k != 255)
    wanted = slow_loss(scores, label, WEIGHTS, each=each)
    if reduction == 'none':
        assert value.shape == label.shape
        assert (value[label == 255] == 0).all()
    if reduction != 'mean':
        wanted *= total
    assert value.sum().item() == pytest.approx(wanted, rel=1e-6)
    override = loss(scores, label, reduction_override='sum', ignore_index=255)
    wanted = total * slow_loss(scores, label, WEIGHTS)
    assert override.item() == pytest.approx(wanted, rel=1e-6)


def test_nothing_that_counts_is_zero_with_a_gradient(batch):
    scores, label = batch
    loss = WeightedCrossEntropyLoss(WEIGHTS)
    for nothing in (label * 0 + 255, label * 0 + 3):  # class 3 weighs 0
        value = loss(scores, nothing, ignore_index=255)
        (gradient,) = torch.autograd.grad(value, scores)
        assert value.item() == 0
        assert (gradient == 0).all()


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
@pytest.mark.parametrize('autocast', [False, True])
def test_half_precision_is_computed_in_full(dtype, autocast):
    # 200 x 400 pixels of weight 1.7: more than half precision can add up.
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(1, 3, 200, 400, generator=generator).to(dtype)
    label = torch.randint(3, (1, 200, 400), generator=generator)
    label[:, :9] = 255
    loss = WeightedCrossEntropyLoss([1.7, 0.3, 1.1])
    wanted = loss(scores.float(), label, ignore_index=255)
    half = torch.bfloat16 if autocast else None  # a CPU's autocast
    with torch.autocast('cpu', half, enabled=autocast):
        value = loss(scores, label, ignore_index=255)
    assert value.dtype == torch.float32
    assert value.item() == wanted.item()
    assert 0.5 < value.item() < 3


@pytest.mark.parametrize(
    'options', [{}, dict(avg_non_ignore=True), dict(use_sigmoid=True)]
)
def test_without_weights_it_is_mmsegs_own(options, batch):
    ours = WeightedCrossEntropyLoss(**options)
    theirs = CrossEntropyLoss(**options)
    values = [loss(*batch, ignore_index=255) for loss in (ours, theirs)]
    assert values[0].item() == values[1].item()
    assert ours.loss_name == 'loss_ce'
    assert WeightedCrossEntropyLoss(loss_name='loss_x').loss_name == 'loss_x'


@pytest.mark.parametrize('suffix', ['.npy', '.json', '.yaml', '.yml'])
def test_weights_of_a_file(suffix, batch, tmp_path):
    path = tmp_path / f'weights{suffix}'
    if suffix == '.npy':
        np.save(path, np.array(WEIGHTS, np.float32))
    else:
        path.write_text(json.dumps(WEIGHTS))
    loss = WeightedCrossEntropyLoss(str(path))
    assert loss.class_weight == pytest.approx(WEIGHTS)
    value = loss(*batch, ignore_index=255)
    wanted = WeightedCrossEntropyLoss(WEIGHTS)(*batch, ignore_index=255)
    assert value.item() == pytest.approx(wanted.item(), rel=1e-6)


@pytest.mark.parametrize(
    ('weights', 'message'),
    [
        ([1, float('nan')], r'is \[1, nan\]; wanted a list of finite numbers'),
        ([1, -1], r'is \[1, -1\]; wanted .* of at least 0, one for each'),
        ([1, '2'], r"is \[1, '2'\]; wanted a list of finite"),
        ([0.0, 0.0], r'is \[0\.0, 0\.0\]; wanted .* not all of them 0'),
        ([], r'is \[\]; wanted a list'),
        (2.0, r'is 2\.0; wanted a list'),
        ('w.pkl', r"='w\.pkl'; wanted a file that ends in \.npy, \.json, "),
    ],
)
def test_what_is_no_weight(weights, message):
    with pytest.raises(ValueError, match='class_weight.*' + message):
        WeightedCrossEntropyLoss(weights)


def test_files_that_are_none(tmp_path):
    with pytest.raises(FileNotFoundError, match='none'):
        WeightedCrossEntropyLoss(str(tmp_path / 'none.json'))
    for name, content in (
        ('a.json', b'[1, 2'),
        ('b.npy', b'not numpy'),
        ('c.yaml', b'!!python/object/apply:os.getcwd []'),
        ('d.npy', np.lib.format.MAGIC_PREFIX),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=rf'{name}.: cannot be read \('):
            WeightedCrossEntropyLoss(str(tmp_path / name))
    np.save(tmp_path / 'e.npy', np.array([WEIGHTS], object))
    with pytest.raises(ValueError, match=r'e\.npy.: cannot be read \(.*pick'):
        WeightedCrossEntropyLoss(str(tmp_path / 'e.npy'))
    np.save(tmp_path / 'f.npy', np.ones((2, 2)))
    with pytest.raises(ValueError, match=r'f\.npy. is \[\[1\.0, 1\.0\], \['):
        WeightedCrossEntropyLoss(str(tmp_path / 'f.npy'))


def test_another_number_of_classes_is_an_error(batch):
    loss = WeightedCrossEntropyLoss([1.0] * 11)
    with pytest.raises(ValueError, match=r'has 11 numbers, the head 5 class'):
        loss(*batch, ignore_index=255)


@pytest.mark.parametrize('kind', ['CrossEntropyLoss', CrossEntropyLoss])
def test_our_head_takes_ours_for_mmsegs(kind):
    theirs = dict(type=kind, class_weight=WEIGHTS, loss_weight=0.4)
    plain = dict(type=kind, loss_name='loss_b')
    head = PFPHead(**PFP_HEAD, loss_decode=[theirs, plain])
    first, second = head.loss_decode
    assert type(first) is WeightedCrossEntropyLoss
    assert (first.class_weight, first.loss_weight) == (WEIGHTS, 0.4)
    assert type(second) is CrossEntropyLoss
    head = PFPHead(**PFP_HEAD, loss_decode=theirs)
    assert type(head.loss_decode) is WeightedCrossEntropyLoss
    assert type(PFPHead(**PFP_HEAD).loss_decode) is CrossEntropyLoss
    other = dict(type='FocalLoss', class_weight=WEIGHTS)
    assert with_weighted_loss(other) is other


def weighted_configs():
    """Configs that have class weights of mmseg's kind."""
    for path in sorted(CONFIGS.rglob('*.py')):
        model = Config.fromfile(path).get('model')
        if '_base_' not in path.parts and model and 'decode_head' in model:
            yield path, model


def heads_of(model):
    for key in ('decode_head', 'auxiliary_head'):
        heads = model.get(key) or []
        yield from heads if isinstance(heads, list) else [heads]


def test_every_shipped_config_with_class_weights_trains_on_any_release(
    monkeypatch,
):
    monkeypatch.setattr(cross_entropy_loss, 'cross_entropy', failing)
    found = []
    for path, model in weighted_configs():
        for head in heads_of(model):
            losses = head.get('loss_decode') or []
            for config in losses if isinstance(losses, list) else [losses]:
                if config.get('class_weight') is None:
                    continue
                found.append(path)
                assert config.type == OURS, path
                loss = MODELS.build(config)
                shape = (2, head.num_classes, 5, 4)
                scores = torch.zeros(shape, requires_grad=True)
                label = torch.randint(head.num_classes, (2, 5, 4))
                label[0, 0], label[1] = 255, 255
                value = loss(scores, label, ignore_index=255)
                value.backward()
                # All classes are as likely: ln K, whatever their weights.
                wanted = math.log(head.num_classes)
                assert value.item() == pytest.approx(wanted, rel=1e-5)
                assert (scores.grad[0, :, 1:] != 0).all()
    assert len(found) == 16
    assert isinstance(loss, nn.Module)
