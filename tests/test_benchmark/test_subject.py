"""Models of any config with random weights, and what they are fed."""

import pytest
import torch
from benched import subject
from mmengine.config import Config
from needs import MEMORY_ON_CPU
from tiny import CONFIGS

from xnet_mm.benchmark import Setting, build_subject, measure
from xnet_mm.benchmark.clock import Clock
from xnet_mm.benchmark.subject import (
    build_subjects,
    count,
    first_line,
    make_batch,
    make_samples,
)
from xnet_mm.fast.accelerate import count_fast

SMALL = 'camvid/xnet_effnet-lite0_effnet-lite0_1xb4-2k_camvid-192x256.py'
PEER = 'baselines/camvid/upernet_effnet-lite0_1xb4-2k_camvid-192x256.py'
DEPTH = 'hololens/xnet_effnet-lite0_effnet-lite0_1xb4-2k_hololens-192x256.py'


@pytest.mark.parametrize('train', [False, True])
@pytest.mark.parametrize('path', [SMALL, PEER])
def test_shipped_models_run(path, train):
    cfg = Config.fromfile(CONFIGS / path)
    built = build_subject('it', cfg, 'cpu', train)
    (found,) = measure(
        [built], Setting((64, 64), 2, train=train), Clock('cpu'), 1
    )
    assert found['error'] == '' and found['seconds'][0] > 0
    assert found['macs'] > 1e7
    assert found['memory'] > 1e5 if MEMORY_ON_CPU else not found['memory']


def test_a_config_that_cannot_be_built_says_why():
    cfg = Config(dict(model=dict(type='NoSuchSegmentor')))
    built = build_subject('it', cfg, 'cpu')
    assert built.model is None
    assert 'NoSuchSegmentor is not in the' in built.error


def test_errors_are_one_short_line():
    assert first_line(KeyError()) == 'KeyError: '
    assert first_line(ValueError('a\nb')) == 'ValueError: a'
    assert len(first_line(ValueError(500 * 'x'))) == 300


def test_counted_once_and_by_hand():
    one = subject('A', [])
    assert count(one, (4, 6)) == (3 * 2 + 2, 4 * 6 * 3 * 2)
    assert count(one, (4, 6)) is count(one, (4, 6))


def test_a_batch_is_the_same_each_time():
    first, second = make_batch(2, (4, 6), 'cpu'), make_batch(2, (4, 6), 'cpu')
    assert first.shape == (2, 3, 4, 6)
    assert first.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(first, second)


@pytest.mark.parametrize(
    ('path', 'field', 'highest', 'kind'),
    [
        (SMALL, 'gt_sem_seg', 10, torch.int64),
        (DEPTH, 'gt_depth_map', 10.0, torch.float32),
    ],
)
def test_made_up_truth_is_what_the_loss_takes(path, field, highest, kind):
    model = build_subject(
        'it', Config.fromfile(CONFIGS / path), 'cpu', train=True
    ).model
    images = make_batch(2, (64, 96), 'cpu')
    samples = make_samples(model, images)
    for sample in samples:
        truth = sample.get(field).data
        assert truth.shape == (1, 64, 96) and truth.dtype == kind
        assert truth.min() >= 0 and highest / 2 < truth.max() <= highest
    loss, _ = model.parse_losses(model.loss(images, samples))
    assert torch.isfinite(loss) and loss > 0


@pytest.mark.parametrize('train', [False, True])
def test_as_shipped_is_plain_and_costs_no_second_weights(train):
    cfg = Config.fromfile(CONFIGS / SMALL)
    fast, shipped = build_subjects('it', cfg, 'cpu', train, as_shipped=True)
    assert [fast.name, shipped.name] == ['it', 'it, as shipped']
    assert [fast.as_shipped, shipped.as_shipped] == [False, True]
    assert count_fast(fast.model) > 0 == count_fast(shipped.model)
    assert count(fast, (64, 96)) == count(shipped, (64, 96))
    ours = {p.data_ptr() for p in fast.model.parameters()}
    shared = [p for p in shipped.model.parameters() if p.data_ptr() in ours]
    assert len(shared) > 20  # all but what batch norms are folded into
    assert next(fast.model.parameters()).device.type == 'cpu'
    assert fast.model.training == shipped.model.training == train
    if not train:
        image = make_batch(1, (64, 96), 'cpu')
        with torch.no_grad():
            wanted = shipped.model(image, mode='tensor')
            found = fast.model(image, mode='tensor')
        assert (found - wanted).abs().max() <= 1e-4 * wanted.abs().max()


def test_as_shipped_runs_half_precision_by_autocast():
    cfg = Config.fromfile(CONFIGS / SMALL)
    subjects = build_subjects('it', cfg, 'cpu', as_shipped=True)
    setting = Setting((64, 64), precision='bf16')
    for record in measure(subjects, setting, Clock('cpu'), 1):
        assert record['error'] == '' and record['seconds'][0] > 0
    weights = next(subjects[1].model.parameters())
    assert weights.dtype == torch.float32
