"""The rates after `--resume` are those of a run always under this config."""

import logging
import pickle
import re
from types import SimpleNamespace

import pytest
from mmengine.optim import build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop
from torch import nn

from xnet_mm.engine import ResumeSettingsHook

EPOCH = 3  # iterations
WARM_UP = dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=3)


class Run:
    """Optimiser and schedulers of a config, and no training."""

    def __init__(self, schedulers, optimizer=(), end=12, by_epoch=False, **k):
        model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
        cfg = dict(type='AdamW', lr=0.1, weight_decay=0.01) | dict(optimizer)
        cfg = dict(type='OptimWrapper', optimizer=cfg, **k)
        self.wrapper = build_optim_wrapper(model, cfg)
        self.schedulers = [
            PARAM_SCHEDULERS.build(dict(s, optimizer=self.wrapper))
            for s in schedulers
        ]
        kind = EpochBasedTrainLoop if by_epoch else IterBasedTrainLoop
        self.loop = object.__new__(kind)
        self.loop._max_iters, self.loop._max_epochs = end, end // EPOCH
        self.loop.dataloader = range(EPOCH)
        self.done, self.by_epoch, self.rates = 0, by_epoch, []

    def train(self, until):
        while self.done < until:
            self.rates.append(
                [
                    (g['lr'], g.get('betas'), g['weight_decay'])
                    for g in self.wrapper.param_groups
                ]
            )
            self.wrapper.optimizer.step()
            self.done += 1
            for scheduler in self.schedulers:
                if not scheduler.by_epoch:
                    scheduler.step()
            if self.by_epoch and self.done % EPOCH == 0:
                for scheduler in self.schedulers:
                    if scheduler.by_epoch:
                        scheduler.step()
        return self

    def checkpoint(self):
        epoch = self.done // EPOCH if self.by_epoch else 0
        return dict(
            meta=dict(iter=self.done, epoch=epoch),
            optimizer=self.wrapper.state_dict(),
            param_schedulers=[s.state_dict() for s in self.schedulers],
        )

    def resume(self, checkpoint):
        """As MMEngine does."""
        runner = SimpleNamespace(
            _resume=True,
            optim_wrapper=self.wrapper,
            param_schedulers=self.schedulers,
            train_loop=self.loop,
            logger=logging.getLogger('resume'),
        )
        checkpoint = pickle.loads(pickle.dumps(checkpoint))
        ResumeSettingsHook().after_load_checkpoint(runner, checkpoint)
        self.loaded = str(checkpoint)
        self.wrapper.load_state_dict(checkpoint['optimizer'])
        states = checkpoint['param_schedulers']
        for scheduler, state in zip(self.schedulers, states, strict=True):
            scheduler.load_state_dict(state)
        self.done = checkpoint['meta']['iter']
        return self


def poly(end, **more):
    return [
        WARM_UP,
        dict(type='PolyLR', by_epoch=False, begin=3, end=end, **more),
    ]


def cosine(end, by_epoch=False, **more):
    return [dict(type='CosineAnnealingLR', by_epoch=by_epoch, end=end, **more)]


def steps(*milestones, by_epoch=False):
    return [dict(type='MultiStepLR', by_epoch=by_epoch, milestones=milestones)]


BETA = dict(type='LinearMomentum', start_factor=0.5, by_epoch=False)
PARAMWISE = dict(
    norm_decay_mult=0.0, custom_keys={'0.weight': dict(lr_mult=3)}
)
CASES = {
    'longer': (poly(6), poly(12), 6, {}),
    'longer, from within the warm-up': (poly(6), poly(12), 2, {}),
    'shorter': (poly(12), poly(9), 5, {}),
    'power and lowest rate': (
        poly(12),
        poly(12, power=2, eta_min=1e-3),
        5,
        {},
    ),
    'cosine': (cosine(6), cosine(12), 5, {}),
    'cosine, T_max': (cosine(12, T_max=6), cosine(12, T_max=8), 7, {}),
    'steps': (steps(3, 5), steps(6, 9), 5, {}),
    'epochs': (cosine(2, True), cosine(4, True), 6, dict(by_epoch=True)),
    'steps of epochs': (
        *(steps(1, by_epoch=True), steps(2, 3, by_epoch=True)),
        *(3, dict(by_epoch=True)),
    ),
    'epochs and iterations': (
        *([WARM_UP, *cosine(2, True)], [WARM_UP, *cosine(4, True)]),
        *(6, dict(by_epoch=True)),
    ),
    'another kind': (poly(12), [WARM_UP, *cosine(12, begin=3)], 7, {}),
    'no warm-up any more': (poly(12), cosine(12), 7, {}),
    'a schedule where none was': ([], poly(12), 7, {}),
    'none where a schedule was': (poly(12), [], 7, {}),
    'groups of their own': (
        poly(6),
        poly(12),
        6,
        dict(paramwise_cfg=PARAMWISE),
    ),
    'momentum': ([BETA | dict(end=6)], [BETA | dict(end=12)], 5, {}),
}


@pytest.mark.parametrize('name', CASES)
def test_the_configs_schedule_is_taken(name, caplog):
    old, new, done, options = CASES[name]
    checkpoint = Run(old, **options).train(done).checkpoint()
    whole = Run(new, **options).train(12)
    resumed = Run(new, **options).resume(checkpoint).train(12)
    assert resumed.rates == whole.rates[done:]
    (line,) = caplog.messages
    assert 'The config changes what the checkpoint has: ' in line
    assert ' -> ' in line
    if name == 'longer':
        assert 'PolyLR end 6 -> 12, total_iters 2 -> 8. The c' in line
        assert line.endswith(f'lr 0 -> {whole.rates[6][-1][0]:.6g}.')


@pytest.mark.parametrize(
    ('changed', 'said'),
    [
        (dict(optimizer=dict(lr=0.03)), 'initial_lr 0.1 -> 0.03'),
        (dict(optimizer=dict(weight_decay=0.2)), 'weight_decay 0.01 -> 0.2'),
        (dict(optimizer=dict(betas=(0.8, 0.9))), r'betas \(0.9, 0.999\) -> '),
        (
            dict(paramwise_cfg=dict(custom_keys={'1': dict(lr_mult=2)})),
            'initial_lr 0.1 -> 0.2',
        ),
        (
            dict(paramwise_cfg=dict(norm_decay_mult=1.0)),
            'weight_decay 0 -> 0.01',
        ),
    ],
)
@pytest.mark.parametrize('schedule', [poly(12), []])
def test_the_configs_optimiser_is_taken(changed, said, schedule, caplog):
    options = {}
    if 'paramwise_cfg' in changed:  # as many groups before
        options = dict(paramwise_cfg=dict(norm_decay_mult=0.0))
    checkpoint = Run(schedule, **options).train(7).checkpoint()
    changed = {**options, **changed}
    whole = Run(schedule, **changed).train(12)
    resumed = Run(schedule, **changed).resume(checkpoint).train(12)
    assert resumed.rates == whole.rates[7:]
    if not schedule:
        said = said.replace('initial_', '')
    assert re.search(said, caplog.text)


@pytest.mark.parametrize('name', CASES)
def test_the_same_config_changes_nothing(name, caplog):
    old, _, done, options = CASES[name]
    run = Run(old, **options).train(done)
    checkpoint = run.checkpoint()
    resumed = Run(old, **options).resume(checkpoint)
    assert resumed.loaded == str(checkpoint)
    assert not [m for m in caplog.messages if 'changes' in m]
    assert resumed.train(12).rates == run.train(12).rates[done:]


def test_a_rate_by_the_metrics_goes_on_or_is_refused():
    plateau = dict(type='ReduceOnPlateauLR', monitor='mIoU', rule='greater')
    run = Run([plateau], by_epoch=True)
    run.schedulers[0].step(dict(mIoU=0.5))
    checkpoint = run.train(6).checkpoint()
    resumed = Run([plateau], by_epoch=True).resume(checkpoint)
    assert resumed.schedulers[0].best == 0.5
    for other, options in (
        (dict(plateau, patience=3), {}),
        (plateau, dict(optimizer=dict(lr=0.5))),
    ):
        with pytest.raises(ValueError, match='the metrics of the past cannot'):
            Run([other], by_epoch=True, **options).resume(checkpoint)


def test_what_cannot_be_resumed_is_refused(caplog):
    checkpoint = Run(poly(12)).train(6).checkpoint()
    groups = dict(paramwise_cfg=dict(norm_decay_mult=0.0))
    text = r'of 1 groups of parameters \(4 parameters\), .* one of 4 \(4\)'
    with pytest.raises(ValueError, match=text):
        Run(poly(12), **groups).resume(checkpoint)
    text = 'settings .*betas.*, the config one of .*nesterov'
    with pytest.raises(ValueError, match=text):
        Run(poly(12), dict(type='SGD')).resume(checkpoint)
    with pytest.raises(ValueError, match=r'done 6 iters, .*max_iters is 5\.'):
        Run(poly(12), end=5).resume(checkpoint)
    best = {k: v for k, v in checkpoint.items() if k == 'meta'}
    with pytest.raises(ValueError, match='holds no optimiser: it is a best'):
        Run(poly(12)).resume(best)
    Run(poly(12), end=6).resume(checkpoint)
    assert 'has done all 6 iters of train_cfg.max_iters' in caplog.text
